"""The command."""

import sys

from lit_inverse.theory.analytic_deep_prior.experiment import run
from lit_inverse.theory.command import main

if __name__ == "__main__":
    sys.exit(main(run))
