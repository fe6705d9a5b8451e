"""Pictures rendered and read back, and the graphs that they are taken of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from xml.etree import ElementTree

from autograd import Parameter, Value
from autograd.seeing.drawing import Drawing

SVG = "{http://www.w3.org/2000/svg}"
LINE_HEIGHT = 15.0
"""Lines that follow each other within this many points are of one piece."""
TITLE = "{http://www.w3.org/1999/xlink}title"


@dataclass
class Part:
    """A node or an arrow of a picture, as it was rendered."""

    element: ElementTree.Element

    @cached_property
    def classes(self) -> set[str]:
        return set(self.element.get("class", "").split())

    @property
    def texts(self) -> list[str]:
        return [(text.text or "").replace("\u00a0", " ") for text in self.element.iter(f"{SVG}text")]

    @property
    def tooltip(self) -> str:
        links = [link.get(TITLE, "") for link in self.element.iter(f"{SVG}a")]
        return links[0].replace("\u00a0", " ").replace("\u200b", "") if links else ""

    @property
    def line(self) -> ElementTree.Element:
        return next(self.element.iter(f"{SVG}path"))


class Picture:
    """A drawing, rendered and read back."""

    def __init__(self, drawing: Drawing) -> None:
        self.root = ElementTree.fromstring(drawing.pipe(encoding="utf-8"))
        groups = [g for g in self.root.iter(f"{SVG}g") if g.get("class", "graph") != "graph"]
        self.parts = {g.get("id", ""): Part(g) for g in groups if g.get("class")}

    def of(self, word: str) -> list[Part]:
        return [part for part in self.parts.values() if word in part.classes]

    def box(self, label: str) -> Part:
        return next(
            part for part in self.parts.values() if "edge" not in part.classes and label in part.texts
        )

    @property
    def lines(self) -> list[tuple[float, float, str]]:
        """The lines of the caption: where they begin, and their words."""
        (graph,) = [g for g in self.root.iter(f"{SVG}g") if g.get("class") == "graph"]
        return [
            (float(text.get("x", "0")), float(text.get("y", "0")), (text.text or "").replace("\u00a0", " "))
            for text in graph.findall(f"{SVG}text")
        ]

    @property
    def caption(self) -> list[str]:
        """The words of the caption, the lines of each piece in one."""
        pieces: list[str] = []
        before = (0.0, 0.0)
        for x, y, words in self.lines:
            if pieces and x == before[0] and 0 < y - before[1] < LINE_HEIGHT:
                pieces[-1] += f" {words}"
            else:
                pieces.append(words)
            before = x, y
        return pieces


def example() -> Value:
    a, b, c, f = Value(2.0, "a"), Value(-3.0, "b"), Value(10.0, "c"), Parameter(-2.0, "f")
    L = (a * b + c) * f
    L.label = "L"
    return L


def differentiated(output: Value) -> Value:
    output.backward()
    return output


def labelled(v: Value, label: str) -> Value:
    v.label = label
    return v
