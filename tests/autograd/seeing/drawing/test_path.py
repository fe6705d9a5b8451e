"""The picture of a gradient path: its routes, its captions."""

from __future__ import annotations

import math
from xml.etree import ElementTree

import pytest

from autograd import Parameter, Value, gradient_path
from autograd import sum as sum_of
from autograd.notation.numbers import number, signed
from autograd.seeing.drawing.html_labels import LINE
from autograd.seeing.drawing.renderer import WIDEST
from autograd.seeing.style import THEMES, narrowest
from nn import MLP, Layer, Module, losses
from tests.autograd.seeing.drawing.pictures import SVG, Picture, labelled


def test_stops_without_names_are_called_by_their_formulas() -> None:
    x = Value(0.5)
    drawing = gradient_path(x.sin() + x, x).draw()
    assert {"0.5 → sin(0.5) → y", "0.5 → y"} <= set(Picture(drawing).caption)


class Towers(Module):
    """One tower on two inputs."""

    def __init__(self) -> None:
        self.tower = MLP(1, [2, 1], seed=0)

    def forward(self, x: float, y: float) -> Value:
        return self.tower([x]) - self.tower([y])


def test_values_of_one_name_are_told_by_their_use() -> None:
    model = Towers()
    ways = [
        row
        for row in Picture(gradient_path(model(0.5, 2.0), model.parameters()[0]).draw()).caption
        if "→" in row
    ]
    assert len(set(ways)) == 2
    assert all(f"a₁⁽¹⁾[{use}]" in way for use, way in zip((2, 1), ways, strict=False))


def test_a_parameter_without_a_label_is_called_by_its_path_and_no_two_ways_read_the_same() -> None:
    class Block(Module):
        def __init__(self, k: float) -> None:
            self.W = [[Parameter(k + i - j) for i in range(2)] for j in range(2)]

        def forward(self, x: list[Value]) -> list[Value]:
            return [sum_of([w * v for w, v in zip(row, x, strict=True)]).tanh() for row in self.W]

    class Net(Module):
        def __init__(self) -> None:
            self.blocks = [Block(0.3), Block(0.5), Block(0.2)]

        def forward(self, x: list[Value]) -> Value:
            for block in self.blocks:
                x = block(x)
            return x[0] + x[1]

    model = Net()
    path = gradient_path(model([Value(0.5), Value(0.25)]), model.blocks[0].W[1][0])
    assert path.in_words().startswith("4 routes from blocks.0.W.1.0 to y")
    ways = [row for row in Picture(path.draw()).caption if "→" in row]
    assert len(set(ways)) == 4
    assert any("block 2" in way for way in ways)


def tower() -> tuple[Value, Parameter]:
    """w reaches L by two routes."""
    w, x = Parameter(3.0, "w"), Value(2.0, "x")
    z = w * x
    z.label = "z"
    L = z + w * w * 0.5 - x
    L.label = "L"
    return L, w


def test_a_path_is_drawn_without_what_is_beside_it() -> None:
    L, w = tower()
    picture = Picture(gradient_path(L, w).draw())
    labels = [part.texts[0] for part in picture.of("value")]
    assert "x" not in labels
    assert len(picture.of("constant")) == 0
    assert len(picture.of("value")) == len(gradient_path(L, w).nodes)
    assert len(picture.of("use")) == len(gradient_path(L, w).uses)


def test_a_path_shows_gradients_without_any_backward() -> None:
    L, w = tower()
    assert Picture(gradient_path(L, w).draw()).box("w").texts == [
        "w",
        "parameter",
        "value",
        "3",
        "gradient",
        "5",
    ]


def test_a_path_says_how_many_routes_there_are_and_what_they_sum_to() -> None:
    L, w = tower()
    caption = Picture(gradient_path(L, w).draw()).caption
    assert caption[0] == "3 routes from w to L; their products sum to ∂L/∂w = 5"
    assert caption[1:5] == ["1", "+2", "= 2 · 1 · 1", "w → z → + = 10.5 → L"]
    assert "+1.5" in caption


def test_the_arrows_of_a_path_carry_its_routes_by_number_and_the_hue_of_their_sign() -> None:
    L, w = tower()
    light, routes = THEMES["light"], gradient_path(L, w).routes(3)
    picture = Picture(gradient_path(L, w).draw())
    into_z = next(part for part in picture.of("use") if part.element.get("id") == "n0-n1-0")
    assert into_z.texts == ["1", "∂ x = 2", "+2"]
    assert into_z.line.get("stroke") == light.strand(1, routes[0].product).lower()
    last = next(part for part in picture.of("use") if part.texts[:3] == ["1", "2", "3"])
    assert [p.get("stroke") for p in last.element.iter(f"{SVG}path")] == [
        light.strand(rank, route.product).lower() for rank, route in enumerate(routes, 1)
    ]


def test_a_weaker_route_is_drawn_thinner_and_what_is_on_no_strong_one_faint() -> None:
    w = Parameter(1.0, "w")
    y = sum_of([w * factor for factor in (90.0, 9.0, 0.9, 0.09, 0.009, 0.0009)])
    picture = Picture(gradient_path(y, w).draw())
    by_rank = {part.texts[0]: part.line for part in picture.of("use") if part.texts[1].startswith("∂ ")}
    widths = [float(by_rank[str(rank)].get("stroke-width", "1")) for rank in range(1, 6)]
    assert widths == sorted(widths, reverse=True)
    assert widths[0] > 2 * widths[4]
    faint = next(part for part in picture.of("use") if part.texts[0].startswith("∂ "))
    assert faint.line.get("stroke") == THEMES["light"].line.lower()


def test_a_single_route_is_spelled_out_as_the_chain_rule() -> None:
    w = Parameter(0.5, "w")
    z = w * 3
    z.label = "z"
    L = z * 4
    L.label = "L"
    caption = Picture(gradient_path(L, w).draw()).caption
    assert caption[0] == "1 route from w to L; its product is ∂L/∂w = 12"
    assert caption[1] == "∂(w→z) · ∂(z→L) = 3 · 4 = 12"


def test_where_there_is_no_route_the_picture_says_so() -> None:
    L, _ = tower()
    picture = Picture(gradient_path(L, Parameter(1.0, "v")).draw())
    assert picture.caption == ["no route leads from v to L: ∂L/∂v = 0"]
    assert (len(picture.of("value")), len(picture.of("use"))) == (2, 0)


def test_a_path_from_an_intermediate_value_begins_there() -> None:
    L, w = tower()
    z = next(use.target for use in gradient_path(L, w).uses if use.target.label == "z")
    picture = Picture(gradient_path(L, z).draw())
    assert picture.box("z")
    assert [part.texts[0] for part in picture.of("value")] == ["z", "z + 4.5", "L"]


def two_layers() -> tuple[Value, Parameter]:
    """Three neurons after one weight, summed in no order."""
    model = MLP(1, [1, 3], activation=["tanh", "tanh"], seed=0)
    model.layers[0].W, model.layers[1].W = [[0.5]], [[2.0], [-1.0], [0.1]]
    a1, a2, a3 = model([2.0])
    return labelled(sum_of([a3, a1, a2]), "L"), model.parameter("w11^1")


def test_on_a_path_the_neurons_of_a_layer_stand_in_order() -> None:
    L, w = two_layers()
    picture = Picture(gradient_path(L, w).draw())
    tops = {
        "".join(part.texts[:3]): float(next(part.element.iter(f"{SVG}text")).get("y", "0"))
        for part in picture.of("operation")
    }
    assert tops["z(2)1"] < tops["z(2)2"] < tops["z(2)3"]
    assert tops["a(2)1"] < tops["a(2)2"] < tops["a(2)3"]


def test_on_a_path_the_slope_of_tanh_is_told_by_its_value() -> None:
    L, w = two_layers()
    texts = [text for part in Picture(gradient_path(L, w).draw()).of("use") for text in part.texts]
    assert f"∂ 1 − a₁⁽¹⁾^2 = {number(1 - math.tanh(1.0) ** 2)}" in texts


def test_the_caption_of_a_path_is_in_lines_that_fit_a_phone() -> None:
    w = Parameter(1.0, "w")
    wide = w * w
    for _ in range(20):
        wide = wide.tanh()
        wide.label = "a long name"
    rows = Picture(gradient_path(wide, w).draw()).lines
    assert max(len(words) for _, _, words in rows) <= LINE


def test_a_path_takes_names_from_the_callers_variables() -> None:
    weight = Parameter(2.0)
    loss = weight * 3
    picture = Picture(gradient_path(loss, weight).draw(names=locals()))
    assert picture.caption[0] == "1 route from weight to loss; its product is ∂loss/∂weight = 3"


def braid(length: int) -> tuple[Value, Value]:
    w = v = Value(1.0, "w")
    for i in range(length):
        v = v * 1.1 + v * (0.1 + i / 100)
    return v, w


def test_of_a_path_over_the_limit_the_strongest_routes_are_drawn() -> None:
    y, w = braid(8)
    path = gradient_path(y, w)
    assert len(path.nodes) == 25
    picture = Picture(path.draw(limit=24))
    nodes = {v for route in path.routes(5) for v in route.nodes}
    uses = {
        (v, position)
        for route in path.routes(5)
        for v, position in zip(route.nodes[1:], route.positions, strict=True)
    }
    assert len(picture.of("value")) == len(nodes) < 25
    assert len(picture.of("use")) == len(uses)
    assert "only the strongest are drawn: 5 of 256" in picture.caption
    assert "251 more, none of them larger, together" in picture.caption
    assert number(path.ledger(5).rest) in " ".join(picture.caption)


def test_a_route_too_long_to_draw_is_refused_and_still_told_in_words() -> None:
    w = v = Value(1.0, "w")
    for _ in range(500):
        v = v * 2.0
    path = gradient_path(v, w)
    with pytest.raises(ValueError, match="the gradient path has 501 nodes and 500 edges"):
        path.draw()
    assert list(path._repr_mimebundle_()) == ["text/plain"]


def test_a_path_shows_itself_in_a_notebook() -> None:
    L, w = tower()
    bundle = gradient_path(L, w)._repr_mimebundle_()
    assert bundle["text/plain"].startswith("<gradient path: 3 routes")
    assert ElementTree.fromstring(bundle["image/svg+xml"]).tag == f"{SVG}svg"


# ------------------------------------------------------------------------------------------ folded


def test_a_folded_path_says_how_many_routes_pass_and_what_they_add() -> None:
    model = MLP(2, [2, 2, 1], activation=["tanh", "tanh", "linear"], seed=0)
    y, w = model([0.5, -1.0]), model.layers[0].neurons[0].w[0]
    path = gradient_path(y, w)
    picture = Picture(path.draw(collapse="layer"))
    sizes = [["2 routes", signed(path.total)]] * 3
    assert [part.texts for part in picture.of("use")] == sizes
    assert [part.texts[0] for part in picture.of("layer")] == ["layer 1", "layer 2", "layer 3"]
    assert picture.caption[0] == path.in_words()
    assert picture.box(f"{w.data:.4g}".replace("-", "−")).texts[-2:] == ["gradient", number(path.total)]


def test_a_path_folded_by_neurons_has_its_words_where_there_is_room() -> None:
    small, large = (MLP(2, [n, n, n, 1], seed=0) for n in (2, 4))
    for model, texts in ((small, True), (large, False)):
        path = gradient_path(model([0.5, -1.0]), model.layers[0].neurons[0].w[0])
        picture = Picture(path.draw(collapse="neuron"))
        assert all(bool(part.texts) == texts for part in picture.of("use"))
        assert all("route" in part.tooltip for part in picture.of("use"))


def test_a_folded_path_without_a_route_shows_both_ends() -> None:
    y, w = MLP(2, [1], seed=0)([0.5, -1.0]), Parameter(1.0, "w")
    assert len(Picture(gradient_path(y, w).draw(collapse="module")).of("value")) == 2


def test_a_folded_path_over_the_limit_is_refused() -> None:
    model = MLP(2, [2, 1], seed=0)
    with pytest.raises(ValueError, match="the gradient path, folded, has 3 nodes and 2 edges"):
        gradient_path(model([0.5, -1.0]), model.parameters()[0]).draw(collapse="layer", limit=2)


def test_no_two_values_of_a_picture_have_one_name_however_short_names_are() -> None:
    class Block(Module):
        def __init__(self, seed: int) -> None:
            self.fc1, self.fc2 = Layer(2, 2, "tanh", seed=seed), Layer(2, 2, "linear", seed=seed + 1)

        def forward(self, x: list[Value]) -> list[Value]:
            return self.fc2(self.fc1(x))  # type: ignore[no-any-return]

    class Deep(Module):
        def __init__(self) -> None:
            self.residual_blocks = [Block(0), Block(2)]

        def forward(self, x: list[float]) -> Value:
            first, second = self.residual_blocks
            return sum_of(second(first(x)))  # type: ignore[arg-type]

    model = Deep()
    path = gradient_path(model([0.5, -1.0]), model.parameter("residual_blocks.0.fc1.w11^1"))
    said = [text for part in Picture(path.draw()).of("use") for text in part.texts if "w" in text]
    symbols = [text.partition(" = ")[0] for text in said]
    assert len(symbols) == len(set(symbols)) >= 2  # along each arrow another weight


@pytest.mark.parametrize("sizes", [[3, 1], [16, 16, 1], [8] * 6 + [1]])
def test_a_path_shows_itself_no_wider_than_a_page(sizes: list[int]) -> None:
    model = MLP(2, sizes, "tanh", seed=0)
    path = gradient_path(losses.half_mse(model([0.5, -0.3]), 1.0), model.parameters()[0])
    assert narrowest(path._repr_mimebundle_()["image/svg+xml"]) <= WIDEST


@pytest.mark.parametrize("sizes", [[3, 3, 3, 1], [4, 4, 1], [5, 4, 3, 1], [2] * 8 + [1]])
def test_all_routes_through_layers_of_a_lesson_are_no_wider_than_a_page(sizes: list[int]) -> None:
    model = MLP(2, sizes, "tanh", seed=0)
    path = gradient_path(losses.half_mse(model([0.5, -0.3]), 1.0), model.parameters()[0])
    svg = path.draw().svg()
    assert narrowest(svg) <= WIDEST
    arrows = [part for part in Picture(path.draw()).of("use") if not part.texts]
    assert all(part.tooltip.startswith("∂ ") for part in arrows)
