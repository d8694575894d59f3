"""The command."""

import sys

from lit_inverse.errors import run_command
from lit_inverse.reproductions.command import reproductions

if __name__ == "__main__":
    sys.exit(run_command(lambda: reproductions(sys.argv[1:])))
