"""The picture of what an ONNX file is made of, and a page in which it is looked through."""

from __future__ import annotations

import re
from functools import cached_property
from html import escape
from os import PathLike
from string import Template
from typing import TYPE_CHECKING, Any

from autograd.files.atomic_write import write_whole
from autograd.seeing import Drawing, asset, document, draw_outline, notebook_frame
from autograd.seeing.style import THEMES
from nn.checks import import_extra

if TYPE_CHECKING:
    from nn.exporting.outline.seen import Seen, View

HEIGHT = 700
"""The height of the page in a notebook, in pixels."""
LIGHT, DARK = THEMES["light"], THEMES["dark"]
OF_THE_PAGE = {
    **{
        getattr(LIGHT, name): f"var(--{name})"
        for name in ("surface", "ink", "faint", "line", "frame", "thin")
    },
    LIGHT.fill("input"): "var(--tint)",
}
"""The colours of a picture, as those of the page that shows it."""
HEX, WITHOUT = re.compile(r"#[0-9a-fA-F]{6}"), re.compile(r"</?a\b[^>]*>|<title>[^<]*</title>|<!--.*?-->")


class Outline(Drawing):
    """The operators of an ONNX file: a drawing, and in a notebook or as ``.html`` a page.

    On the page operators are opened: what each computes, takes and gives, and what numbers its weights are.

    Args:
        seen: what is seen of the file.
        limit: at most this many boxes are drawn at once.
        theme: of the drawing, "light" or "dark".
    """

    def __init__(self, seen: Seen, limit: int, theme: str) -> None:
        self._seen = seen
        view = seen.whole
        if len(view.parts) > limit >= len(seen.views[0].parts):
            view = seen.views[0]
        super().__init__(body=draw_outline(view.parts, view.links, limit=limit, theme=theme).body)

    def save(self, filename: Any = None, directory: Any = None, *, skip_existing: bool | None = False) -> str:
        """Write it as a page for the ending ``.html``, else as `Drawing.save` does; return the path."""
        if not str(filename).lower().endswith((".html", ".htm")):
            return super().save(filename, directory, skip_existing=skip_existing)
        path = f"{directory}/{filename}" if directory else str(filename)
        write_whole(path, self.html().encode())
        return path

    def html(self) -> str:
        """Return the page: one HTML document that needs no network and no other file.

        Raises:
            OSError: if the file is not there any more.
        """
        return self._page

    @cached_property
    def _page(self) -> str:
        seen = self._seen
        sources: dict[str, int] = {}
        pictures = [sources.setdefault(_drawn(view), len(sources)) for view in seen.views]
        facts = seen.facts() | {"pictures": pictures}
        first, *rest = map(_coloured, sources)
        body = Template(asset("nn.seeing", "page", "outline.html")).substitute(
            name=escape(seen.path.name),
            summary=escape(seen.summary()),
            picture=first,
            more="".join(f"<template>{picture}</template>" for picture in rest),
        )
        return document(
            f"{seen.path.name}, operator by operator",
            asset("nn.seeing", "page", "outline.css"),
            body,
            asset("autograd.seeing.pages", "elements.js")
            + asset("nn.seeing", "page", "plane.js")
            + asset("nn.seeing", "page", "outline.js"),
            data={"facts": facts},
            colours={"tint": (LIGHT.fill("input"), DARK.fill("input"))},
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None, **_: Any) -> dict[str, Any]:
        bundle = super()._repr_mimebundle_(include=include, exclude=exclude)
        title = f"The operators of {self._seen.path.name}"
        if bundle:
            bundle["text/html"] = notebook_frame(self.html(), title, HEIGHT, forms=True)
        return bundle


def outline(path: str | PathLike[str], *, limit: int = 400, theme: str = "light") -> Outline:
    """Draw the operators of an ONNX file as boxes, with the sizes of weights, and shapes on the arrows.

    In a notebook, and saved as ``.html``, it is a page: blocks that repeat each other are folded and opened
    by a click, an operator tells what it computes, takes and gives, and what numbers its weights are.

    A drawing reads no weights: the file may have far more than `nn.from_onnx` makes objects of, and operators
    that are not read there; what it keeps in other files need not be at hand.

    Args:
        path: the file.
        limit: at most this many boxes are drawn at once; with more operators, blocks are folded.
        theme: "light" or "dark"; a page follows its reader's system.

    Raises:
        ImportError: if the package onnx is not installed.
        OSError: if the file is not there or cannot be read.
        ValueError: if it is not an ONNX file, or for too many boxes or an unknown theme.
    """
    import_extra("onnx", "outline", "onnx")
    from nn.exporting.outline.seen import Seen

    return Outline(Seen(path), limit, theme)


def _drawn(view: View) -> str:
    """Return the source of a picture of a view: the same one for all that look alike."""
    return draw_outline(view.parts, view.links, limit=len(view.parts) or 1).source


def _coloured(source: str) -> str:
    """Return a picture, given its source, in the colours of its page, which names its parts."""
    svg = WITHOUT.sub("", Drawing(body=source.splitlines(keepends=True)[1:-1]).svg())
    return HEX.sub(lambda found: OF_THE_PAGE.get(found[0].upper(), found[0]), svg)
