"""``python -m nn``; see `nn.command.main`."""

import sys

from autograd.notation.command_line import run_as_program
from nn.command.main import main

if __name__ == "__main__":
    sys.exit(run_as_program(main))
