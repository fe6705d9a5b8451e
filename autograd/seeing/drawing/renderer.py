"""A drawing: a graph in the DOT language that renders with whichever ``dot`` there is."""

from __future__ import annotations

import re
import shutil
import sys
import sysconfig
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from autograd.files.atomic_write import write_whole
from autograd.notation.hints import did_you_mean, short_repr
from autograd.notation.numbers import counted
from autograd.seeing.drawing.letters import in_any_font
from autograd.seeing.drawing.printing import as_pdf
from autograd.seeing.drawing.speech import spoken
from autograd.seeing.style import fitting, narrowest

try:
    import graphviz
    from graphviz.backend import dot_command
except ModuleNotFoundError as error:
    raise ModuleNotFoundError('drawing needs the package graphviz: pip install "chainrule"') from error

PURE = "graphviz-pure"
PURE_LACKS = ("pdf", "ps", "ps2", "eps", "gif", "webp", "svgz", "bmp", "tif", "tiff")
"""Formats that the renderer in a wheel does not write and a system ``dot`` does."""

PICTURES = ("svg", "png", "pdf", "jpg", "jpeg", "gif", "webp", "eps", "ps", "svgz", "bmp", "tif", "tiff")
"""The endings of files that `Drawing.save` writes as pictures."""

NODE = re.compile(r"(?!(?:graph|node|edge) )\S.*\[")
"""Matches the beginning of a node in the DOT language, but not that of an edge or of common attributes."""

WIDEST = 850.0
"""A picture that must be wider than this many pixels, as a notebook's cell is, leads downwards instead."""
FIXED = ("rankdir=TB", "headport=")
"""The source of a picture that must not be turned has one of these: it leads downwards already, or its
arrows are tied to sides of boxes."""

_choosing = threading.Lock()

Renderer = Callable[[str, str], bytes]
"""Returns the picture of a graph, given its source in the DOT language and a format, such as ``svg``."""

_given: Renderer | None = None


def draw_with(renderer: Renderer | None) -> None:
    """Let a renderer make all pictures from now on; None for the ``dot`` on the PATH or in the wheel.

    In a browser, where no program can be started, viz.js is one:
    ``draw_with(lambda source, format: viz.renderString(source, format=format).encode())``.  It raises a
    ValueError for a format that it does not write, and it writes SVG, and JSON for the places of a page.

    >>> draw_with(lambda source, format: f"{len(source)} characters as {format}".encode())
    >>> Drawing(body=["a -> b"]).pipe("svg", encoding="utf-8")
    '18 characters as svg'
    >>> draw_with(None)
    """
    global _given
    _given = renderer


class Drawing(graphviz.Digraph):
    """A `graphviz.Digraph` that needs no system Graphviz.

    It shows itself as SVG in a notebook; ``render``, ``pipe`` and ``view`` work as the graphviz
    library documents them, with SVG as the default format, and `save` writes what the file's ending
    says.  They call the renderer of `draw_with`; else the ``dot`` on the PATH, or the one that comes with
    the package graphviz-pure (SVG, PNG and JPEG, and PDF by cairosvg or a browser where there is one).
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"format": "svg", **options})

    def __repr__(self) -> str:
        statements = [line.strip() for line in self.body]
        edges = sum("->" in line and "style=invis" not in line for line in statements)
        nodes = sum("->" not in line and NODE.match(line) is not None for line in statements)
        return f"<drawing: {counted(nodes, 'node')}, {counted(edges, 'edge')}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None, **_: Any) -> dict[str, Any]:
        """Return the picture, made to fit where it is shown.

        Raises:
            RuntimeError: if there is no renderer.
        """
        bundle: dict[str, Any] = super()._repr_mimebundle_(include=include, exclude=exclude)
        if "image/svg+xml" not in bundle:
            return bundle
        svg = self.svg()
        return {"text/html": fitting(svg), **bundle, "image/svg+xml": svg}

    def svg(self) -> str:
        """Return the picture as an ``<svg>`` element: from the top down if else it were too wide for a page.

        Raises:
            RuntimeError: if there is no renderer.
        """
        svg = self._element()
        if narrowest(svg) <= WIDEST or any(fixed in self.source for fixed in FIXED):
            return svg
        turned = Drawing(body=[*self.body])
        turned.attr(rankdir="TB", ranksep="0.25", nodesep="0.12")
        return min(svg, turned._element(), key=narrowest)

    def _element(self) -> str:
        svg: str = self.pipe("svg", encoding="utf-8")
        return svg[svg.index("<svg ") :]

    def save(self, filename: Any = None, directory: Any = None, *, skip_existing: bool | None = False) -> str:
        """Write the picture, or its DOT source for the ending ``.gv``, ``.dot`` or none; return the path.

        Raises:
            RuntimeError: if there is no renderer.
            ValueError: for an ending that is not a format, or one that the renderer cannot write.
            OSError: if the file cannot be written.
        """
        suffix = Path(filename or "").suffix[1:].lower()
        if suffix in ("", "gv", "dot") or skip_existing is None:  # render saves the source with None
            return str(super().save(filename, directory=directory, skip_existing=skip_existing))
        if suffix not in PICTURES:
            hint = did_you_mean(suffix, PICTURES)
            raise ValueError(
                f"a drawing is written as {', '.join(PICTURES)}, or as its source, gv or dot; "
                f"got {short_repr(str(filename))}{hint}"
            )
        path = Path(directory or "", filename)
        if not (skip_existing and path.exists()):
            picture = self.pipe(format=suffix)
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, picture)
        return str(path)

    def pipe(self, *args: Any, **options: Any) -> Any:
        """Return the rendered picture as bytes, or as text given an ``encoding``.

        Raises:
            RuntimeError: if there is no renderer.
            ValueError: if it cannot write the format.
        """
        wanted = options.get("format") or (args[0] if args else None) or self.format
        if _given is not None:
            picture, encoding = _given(self.source, wanted), options.get("encoding")
            return picture.decode(encoding) if encoding else picture
        if wanted.lower() == "pdf" and not has_dot() and (pdf := as_pdf(self._element())) is not None:
            return pdf
        with _renderer(wanted) as quiet:
            picture = super().pipe(*args, **{"quiet": quiet, **options})
        return _finished(picture) if wanted.lower() == "svg" else picture

    def render(self, filename: Any = None, directory: Any = None, **options: Any) -> str:
        """Write the DOT file and the picture; return the picture's path.

        Raises:
            RuntimeError: if there is no renderer.
            ValueError: if it cannot write the format.
        """
        outfile = options.get("outfile")
        suffix = Path(outfile).suffix[1:] if outfile is not None else ""
        wanted = options.get("format") or suffix or self.format
        if _given is not None:
            return self.save(outfile or f"{filename or self.filename}.{wanted}", directory or self.directory)
        with _renderer(wanted) as quiet:
            path: str = super().render(filename, **{"directory": directory, "quiet": quiet, **options})
        if path.endswith(".svg"):
            Path(path).write_bytes(_finished(Path(path).read_bytes()))
        return path


def _finished(svg: Any) -> Any:
    return spoken(in_any_font(svg)) if isinstance(svg, str) else _finished(svg.decode()).encode()


@contextmanager
def _renderer(wanted: str) -> Iterator[bool]:
    """Let the graphviz library call a renderer that exists; yield whether to silence its warnings."""
    if has_dot():
        yield False
        return
    pure = find_pure()
    if pure is None:
        raise RuntimeError(
            f"a picture needs Graphviz, and there is neither a `dot` on the PATH nor {PURE}: "
            f"pip install {PURE}, or name a renderer of your own with draw_with"
        )
    if wanted.lower() in PURE_LACKS:
        raise ValueError(
            f"{PURE}, the renderer used where no `dot` is on the PATH, writes svg, png and jpg but not "
            f"{wanted!r}: choose one of these, or install Graphviz itself (for pdf, cairosvg or Chromium)"
        )
    with _choosing:
        before = dot_command.DOT_BINARY
        dot_command.DOT_BINARY = pure
        try:
            yield True  # it warns about each letter whose width it does not know, though it draws them all
        finally:
            dot_command.DOT_BINARY = before


def has_dot() -> bool:
    """Return whether Graphviz itself is on the PATH."""
    return shutil.which(str(dot_command.DOT_BINARY)) is not None


def find_pure() -> Path | None:
    """Return the renderer of this very Python environment, else one on the PATH."""
    for folder in (sysconfig.get_path("scripts"), str(Path(sys.executable).parent), None):
        found = shutil.which(PURE, path=folder)
        if found:
            return Path(found)
    return None


def is_drawing(path: Path) -> bool:
    """Return whether a file is a picture that Graphviz has drawn as SVG; False if it cannot be read."""
    try:
        with open(path, "rb") as file:
            return b"Generated by graphviz" in file.read(600)
    except OSError:
        return False
