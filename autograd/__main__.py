"""``python -m autograd``; see `autograd.command.main`."""

import sys

from autograd.command.main import main
from autograd.notation.command_line import run_as_program

if __name__ == "__main__":
    sys.exit(run_as_program(main))
