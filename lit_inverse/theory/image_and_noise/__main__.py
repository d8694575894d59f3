"""The command."""

import sys

from lit_inverse.theory.command import main
from lit_inverse.theory.image_and_noise.experiment import run

if __name__ == "__main__":
    sys.exit(main(run))
