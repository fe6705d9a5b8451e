"""Pictures and pages of a graph: drawings, gradient paths, the walk, the gallery.

The functions `draw`, `walk`, `gradient_path` and `gallery` are in `autograd` itself; this is the face for
those who build on what they give, who look at what a model computed before it raised (`computed_before`), who
name Modules by where a model holds them (`title_of`), who draw what a network is made of that was not run
(`draw_outline`), or who make a self-contained page of their own (`document`), perhaps one that computes
(`Listings`).
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autograd.seeing.drawing import Drawing, draw_with
    from autograd.seeing.drawing.outline import Part, draw_outline
    from autograd.seeing.facts.after_an_error import computed_before
    from autograd.seeing.facts.places import modules_within, title_of
    from autograd.seeing.facts.records import Step
    from autograd.seeing.gallery import Gallery
    from autograd.seeing.pages.frame import asset, document, embedded, is_page, notebook_frame, source_hash
    from autograd.seeing.pages.listing import Listings
    from autograd.seeing.paths import GradientPath
    from autograd.seeing.walk import Walk

_HOMES = {
    "Drawing": "drawing",
    "Gallery": "gallery",
    "GradientPath": "paths",
    "Listings": "pages.listing",
    "Part": "drawing.outline",
    "Step": "facts.records",
    "Walk": "walk",
    "asset": "pages.frame",
    "computed_before": "facts.after_an_error",
    "document": "pages.frame",
    "draw_outline": "drawing.outline",
    "draw_with": "drawing",
    "embedded": "pages.frame",
    "is_page": "pages.frame",
    "modules_within": "facts.places",
    "notebook_frame": "pages.frame",
    "source_hash": "pages.frame",
    "title_of": "facts.places",
}

__all__ = [
    "Drawing", "Gallery", "GradientPath", "Listings", "Part", "Step", "Walk", "asset", "computed_before",
    "document", "draw_outline", "draw_with", "embedded", "is_page", "modules_within", "notebook_frame",
    "source_hash", "title_of",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Load each on first use."""
    if name not in _HOMES:
        raise AttributeError(f"module 'autograd.seeing' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"autograd.seeing.{_HOMES[name]}"), name)
