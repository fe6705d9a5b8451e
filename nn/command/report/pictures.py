"""The report's drawings: the network, and the gradient path of one weight after another."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from math import ceil
from typing import Any

from autograd import Parameter, Value, draw, gradient_path, gradients, topological_order
from autograd.notation.labels import is_bias, parse_label
from autograd.notation.numbers import count, number, sign_word, signed, weights_and_biases
from autograd.seeing import Drawing, GradientPath
from autograd.seeing.style import narrowest
from nn.layers import MLP

MOST_NODES = 40
"""A graph of at most this many nodes is drawn in full."""
MOST_ARROWS = 80
"""A network of at most this many connections is drawn neuron by neuron, a larger one layer by layer."""
MOST_OUTPUTS = 6
"""What is computed of more outputs than this is drawn as one box: side by side they would be too wide."""
FEW_WEIGHTS = 60
"""A network of at most this many weights gets a path drawing for every one of them."""
LARGEST, LARGEST_OF_MANY = 10, 3
"""Otherwise this many weights get one, those with the largest gradients; of at least `MANY` weights the
second number."""
MANY = 20_000
MOST_BYTES = 1_500_000
"""The path drawings have at most this together, or there is but one."""

SIZE = re.compile(r'<svg width="([0-9.]+)pt" height="([0-9.]+)pt"')
COLOUR = re.compile(r'\b(fill|stroke)="#([0-9a-fA-F]{6})"')


def network_drawing(loss: Value, model: MLP) -> tuple[str, Callable[[], tuple[str, str]]]:
    """Return what is drawn of a network at work on one sample, and what draws it.

    The latter returns the SVG, and in words how much of the network is shown.
    """
    nodes = len(topological_order(loss))
    arrows = sum(layer.nin * layer.nout for layer in model.layers)
    options: dict[str, Any] = {}
    shown = "every number of the computation"
    if nodes > MOST_NODES:
        options["collapse"] = "neuron" if arrows <= MOST_ARROWS else "layer"
        shown = f"one node per {options['collapse']}"
    return "the drawing of the network", lambda: (adaptive(partial(draw, loss, **options)), shown)


def chosen_weights(loss: Value, model: MLP, asked_for: list[Parameter]) -> tuple[list[Parameter], str]:
    """Return the weights whose paths are drawn, and in words why these."""
    if asked_for:
        return asked_for, "the weights asked for"
    parameters = model.parameters()
    if len(parameters) <= FEW_WEIGHTS:
        return parameters, f"all {_counts(model)}"
    size = {p: abs(g) for p, g in zip(parameters, gradients(loss, parameters), strict=True)}
    largest = sorted(parameters, key=lambda p: -size[p])[
        : LARGEST if len(parameters) < MANY else LARGEST_OF_MANY
    ]
    return largest, f"the {len(largest)} of {_counts(model)} with the largest gradients"


def _counts(model: MLP) -> str:
    """Return how many weights a network has, the slopes of activations with them, and how many biases."""
    held = [is_bias(path) for path, _ in model.named_parameters()]
    return weights_and_biases(len(held) - sum(held), sum(held))


def path_picture(loss: Value, weight: Parameter) -> tuple[str, Callable[[], dict[str, Any]]]:
    """Return the name of the drawing of the gradient path of a weight to the loss, and what draws it.

    The latter returns what the report shows: the weight's ``label``, taken apart, its ``value`` and
    ``gradient``, the ``sign`` of that for the colour, and how many ``routes`` there are, as texts; the
    ``svg``, the name of its ``file``, its ``width`` and ``height`` in pixels, and the ``least_width`` below
    which it could not be read.
    """

    def drawn() -> dict[str, Any]:
        path = gradient_path(loss, weight)
        svg = adaptive(partial(_drawn, path))
        width, height = size(svg)
        return {
            "label": parse_label(weight.label),
            "file": weight.label.replace("^", "_") + ".svg",
            "value": number(weight.data),
            "gradient": signed(path.total),
            "sign": sign_word(path.total),
            "routes": count(path.count),
            "svg": svg,
            "width": width,
            "height": height,
            "least_width": least_width(svg),
        }

    return f"the gradient path of {weight.label}", drawn


def _drawn(path: GradientPath, theme: str) -> Drawing:
    return path.draw(theme=theme)


def size(svg: str) -> tuple[int, int]:
    """Return width and height in CSS pixels: 4 pixels are 3 points."""
    (found,) = SIZE.findall(svg)
    width, height = (round(float(points) * 4 / 3) for points in found)
    return width, height


def least_width(svg: str) -> int:
    """Return the width in pixels below which a drawing cannot be read."""
    return ceil(narrowest(svg))


def adaptive(drawn: Callable[..., Drawing]) -> str:
    """Return one ``<svg>`` that is light on a light page and dark on a dark one.

    Args:
        drawn: draws it in a theme, "light" or "dark"; the two drawings differ only in their colours.
    """
    light, dark = (drawn(theme=theme).svg() for theme in ("light", "dark"))
    dark_colours = COLOUR.findall(dark)
    if [kind for kind, _ in COLOUR.findall(light)] != [kind for kind, _ in dark_colours]:
        raise ValueError("the light and the dark drawing differ in more than their colours")
    colours = iter(dark_colours)
    marked = COLOUR.sub(lambda found: _marked(found, *next(colours)), light)
    rules = "".join(
        f'[data-{kind}="{colour}"]{{{kind}:#{colour}}}' for kind, colour in sorted(set(dark_colours))
    )
    start = marked.index(">") + 1
    style = f"<style>@media screen and (prefers-color-scheme:dark){{{rules}}}</style>"
    return marked[:start] + style + marked[start:]


def _marked(found: re.Match[str], kind: str, dark: str) -> str:
    """Return the attribute with its light colour, and beside it the dark one for the style rules."""
    return found[0] if found[2] == dark else f'{found[0]} data-{kind}="{dark}"'
