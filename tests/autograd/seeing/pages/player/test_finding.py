"""What is printed anywhere can be typed into the page's field, as `Walk.goto` takes it."""

from __future__ import annotations

import random
from contextlib import suppress
from typing import Any

import pytest

from autograd import Parameter, Value, walk
from autograd import sum as sum_of
from autograd.notation.labels import called, parse_label, pieces
from autograd.seeing.facts.named import held_again
from nn import MLP, Conv2d, Flatten, Layer, MaxPool2d, Module, Reshape, Sequential

FIND = """(names) => {
  const [field, slider] = ["find", "place"].map((id) => document.getElementById(id));
  return names.map((name) => {
    slider.value = 0;
    slider.dispatchEvent(new Event("input"));
    field.value = name;
    field.dispatchEvent(new Event("input"));
    const listed = document.getElementById("found").childElementCount;
    field.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
    field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
    const crumb = document.querySelector("#crumbs [aria-current]")?.textContent;
    return [listed, field.getAttribute("aria-invalid") === "true", Number(slider.value), crumb];
  });
}"""


class Plain(Module):
    """A matrix of Parameters without labels: they are called by their paths."""

    def __init__(self, nin: int, nout: int, rng: random.Random) -> None:
        self.weight = [[Parameter(rng.gauss(0, 1)) for _ in range(nin)] for _ in range(nout)]
        self.bias = [Parameter(0.1) for _ in range(nout)]

    def forward(self, x: Any) -> Any:
        rows = zip(self.weight, self.bias, strict=True)
        return [sum_of([b, *(w * v for w, v in zip(row, x, strict=True))]) for row, b in rows]


class Blocks(Module):
    def __init__(self) -> None:
        rng = random.Random(0)
        self.blocks = [Plain(2, 2, rng), Plain(2, 2, rng)]
        self.read_out_of_a_long_name_and_longer = Plain(2, 1, rng)

    def forward(self, x: Any) -> Any:
        for block in self.blocks:
            x = [v.tanh() for v in block(x)]
        return self.read_out_of_a_long_name_and_longer(x)[0]


class Shared(Module):
    def __init__(self) -> None:
        self.encoder, self.towers = MLP(2, [3, 2], "tanh", seed=0), [MLP(2, [3, 1], seed=k) for k in (1, 2)]

    def forward(self, x: Any) -> Any:
        code = self.encoder(x)
        return self.towers[0](code) + self.towers[1](code)


class Tower(Module):
    def __init__(self, text: Module, seed: int) -> None:
        self.text, self.out = text, MLP(2, [1], seed=seed)

    def forward(self, x: Any) -> Any:
        return self.out(self.text(x))


class Towers(Module):
    """Two Modules that hold one."""

    def __init__(self) -> None:
        text = MLP(2, [3, 2], "tanh", seed=0)
        self.user, self.item = Tower(text, 1), Tower(text, 2)

    def forward(self, x: Any) -> Any:
        return self.user(x) * self.item(x[::-1])


OUTPUTS: list[Any] = [
    lambda: Blocks()([0.5, -1.0]),
    lambda: Shared()([0.5, -1.0]),
    lambda: MLP(2, [3, 3, 1], seed=0)([0.5, -1.0]),
    lambda: Towers()([0.5, -1.0]),
    lambda: Value(2.0, "first") * Value(3.0, "a.b.0") + Value(4.0, "a².1"),
]


def spellings(label: str) -> set[str]:
    """How a label is printed, and how its path is told in titles and in Python."""
    names = pieces(label)
    printed = {parse_label(label, limit).text for limit in (24, 40)}
    return {label, ".".join(names), " · ".join(names), called(label), *printed}


@pytest.mark.parametrize("output", OUTPUTS)
def test_every_node_is_found_by_all_that_it_is_called(opened: Any, output: Any) -> None:
    steps = walk(output())
    sheet = opened(steps.html())
    wanted = {}
    called_so = {name for node in steps.trace.nodes if node.label for name in spellings(node.label)}
    again = [[".".join(names) for names in held] for held in held_again(steps.trace)]
    held_there = {
        path + name.removeprefix(first)
        for path, first in again
        for name in called_so
        if name.startswith(first)
    }
    assert held_there or not again
    for name in called_so | held_there:
        steps.rewind()
        with suppress(ValueError):  # several are called so
            wanted[name] = steps.goto(name).number
    found = dict(zip(wanted, sheet.evaluate(FIND, [*wanted]), strict=True))
    assert {name: at - 1 for name, (_, _, at, _) in found.items()} == wanted
    for name, (listed, is_invalid, _, _) in found.items():
        assert not is_invalid, name
        assert listed or "…" in name, name
    assert sheet.errors == []


@pytest.mark.parametrize("output", OUTPUTS[:4])
def test_every_box_is_found_by_its_title_and_by_its_path(opened: Any, output: Any) -> None:
    sheet = opened(walk(output()).html())
    titles = sheet.evaluate(
        """() => {
          const opening = () => [...document.querySelectorAll("#canvas [data-opens]")];
          const crumbs = () => [...document.querySelectorAll("#crumbs button")];
          return opening().map((_, i) => {
            opening()[i].dispatchEvent(new MouseEvent("click", { bubbles: true }));
            const path = crumbs().slice(1).map((button) => button.textContent);
            crumbs()[0].click();
            return path;
          });
        }"""
    )
    assert titles
    for path in titles:
        for name in (path[-1], " · ".join(path), ".".join(path)):
            [[listed, is_invalid, at, crumb]] = sheet.evaluate(FIND, [name])
            assert (bool(listed), is_invalid, at, crumb) == (True, False, 0, path[-1]), name
    assert sheet.evaluate(FIND, ["nobody"])[0][:2] == [0, True]
    assert sheet.errors == []


@pytest.mark.parametrize("by", ["edge", "neuron", "layer"])
def test_the_step_that_a_page_and_its_link_number_k_is_that_at_k_minus_1_in_python(
    opened: Any, by: Any
) -> None:
    steps = walk(Shared()([0.5, -1.0]), by=by)
    sheet = opened(steps.html())
    for k in (1, 2, len(steps) // 2, len(steps)):
        sheet.evaluate("(to) => { location.hash = to; }", f"#step={k}&by={by}")
        sheet.wait_for_function("(said) => document.getElementById('count').textContent === said",
                                arg=f"step {k} of {len(steps)}")  # fmt: skip
        assert sheet.text_content("#sentence") == steps.goto(k - 1).sentence
        assert f"[{k - 1}]  {steps[k - 1].line}" in str(steps)


def test_a_box_is_found_by_the_class_of_its_module(opened: Any) -> None:
    model = Sequential(
        Reshape(1, 6, 6), Conv2d(1, 2, 3, seed=0), MaxPool2d(2), Flatten(), Layer(8, 1, seed=1)
    )
    sheet = opened(walk(model([0.1 * i for i in range(36)])).html())
    for wanted, titles in {"conv2d": ["stage 2"], "MaxPool": ["stage 3"], "3×3": ["stage 2"]}.items():
        sheet.fill("#find", wanted)
        found = sheet.locator("#found li")
        assert [text for text in found.all_text_contents() if text.startswith(tuple(titles))] != []
        sheet.keyboard.press("ArrowDown")
        sheet.keyboard.press("Enter")
        assert sheet.text_content("#crumbs [aria-current]") == titles[0]
    assert sheet.errors == []
