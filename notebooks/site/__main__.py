"""The command: ``python -m notebooks.site OUT``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from notebooks.site.build import build
from notebooks.site.pages import PARTS


def main() -> int:
    """Build the site into a folder; return 0, or 1 with a line that says why it could not be done."""
    parser = argparse.ArgumentParser(prog="python -m notebooks.site", description=build.__doc__)
    parser.add_argument("out", metavar="OUT", type=Path, help="the folder; what else is in it stays there")
    parser.add_argument(
        "--only", choices=PARTS, nargs="+", default=list(PARTS), help="some parts of the site"
    )
    parser.add_argument(
        "--modules",
        metavar="FOLDER",
        type=Path,
        help="a node_modules folder that holds pyodide and @viz-js/viz; else npm fetches them",
    )
    arguments = parser.parse_args()
    try:
        for line in build(arguments.out, arguments.only, arguments.modules):
            print(line)
    except (OSError, RuntimeError, ImportError) as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
