"""``python -m nn``; see `nn.command.main`."""

import sys

from nn.command.main import run_as_program

if __name__ == "__main__":
    sys.exit(run_as_program())
