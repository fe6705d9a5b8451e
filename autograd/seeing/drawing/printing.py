"""A picture as PDF where Graphviz itself is not installed: by cairosvg, or else printed by a browser."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
"""Browsers that print a page when they are told to on the command line."""
LONGEST_WAIT = 60
"""A browser that has not printed after this many seconds is given up."""

SIZE = re.compile(r'viewBox="[-\d.]+ [-\d.]+ ([\d.]+) ([\d.]+)"')


def as_pdf(svg: str) -> bytes | None:
    """Return a picture as PDF, on a page of its size; None where there is neither cairosvg nor a browser."""
    try:
        cairosvg = import_module("cairosvg")
    except ImportError:
        return _printed(svg)
    pdf: bytes = cairosvg.svg2pdf(bytestring=svg.encode())
    return pdf


def _printed(svg: str) -> bytes | None:
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    size = SIZE.search(svg)
    if browser is None or size is None:
        return None
    width, height = size.groups()
    style = (
        f"@page {{ size: {width}pt {height}pt; margin: 0 }} body {{ margin: 0 }} "
        f"svg {{ display: block; width: {width}pt; height: {height}pt; max-height: 100vh }}"
    )
    with TemporaryDirectory(prefix="chainrule-", ignore_cleanup_errors=True) as folder:
        page, pdf = Path(folder, "page.html"), Path(folder, "page.pdf")
        page.write_text(f'<!doctype html><meta charset="utf-8"><style>{style}</style>{svg}', encoding="utf-8")
        is_root = hasattr(os, "geteuid") and os.geteuid() == 0  # a browser refuses its sandbox to root
        command = [
            browser, "--headless", "--disable-gpu", "--no-first-run", "--no-pdf-header-footer",
            f"--user-data-dir={folder}/profile", f"--print-to-pdf={pdf}",
            *(["--no-sandbox"] if is_root else []), page.as_uri(),
        ]  # fmt: skip
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=LONGEST_WAIT)
            return pdf.read_bytes()
        except (OSError, subprocess.SubprocessError):
            return None
