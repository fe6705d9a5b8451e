"""The plane beside a run: what a network of two inputs gives over it, with its weights as they are."""

import re

import pytest

from autograd.notation.labels import parse_label
from autograd.seeing.facts.order import parts_of
from autograd.seeing.pages.player.touch import touch
from autograd.seeing.walk import walk
from nn import MLP, losses

X, Y = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [-1, 1, 1, -1]
CELLS = 24
SEEN = """async () => {
  await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
  return [...document.querySelectorAll("#descent rect")].map(
  (cell) => (cell.classList.contains("positive") ? 1 : -1) * cell.getAttribute("fill-opacity")) }"""


def model():
    return MLP(2, [3, 1], "tanh", seed=1)


def cost(net, sum_of=X):
    return sum(losses.hinge(net(x), t) for x, t in zip(sum_of, Y, strict=False)) / len(sum_of)


def says(net, low, high):
    """What the page shows of a network over the square from low to high: shares of the largest output."""
    at = [low + (k + 0.5) / CELLS * (high - low) for k in range(CELLS)]
    given = [net([x, y]).data for y in at for x in at]
    return [0.75 * z / max(map(abs, given)) for z in given]


def test_the_plane_is_what_the_network_gives_and_follows_a_run(opened):
    sheet = opened(walk(cost(model())).html())
    sheet.click("#what-if summary")
    assert sheet.evaluate(SEEN) == pytest.approx(says(model(), -0.25, 1.25), abs=1e-9)
    sheet.click("[name=run]")
    sheet.locator("#descent output", has_text=re.compile("Step [0-9]{2}:")).wait_for()
    sheet.click("[name=run]")
    net = model()
    fields = sheet.evaluate("""() => [...document.querySelectorAll("#leaves input[type=text]")].map(
        (input) => [input.getAttribute("aria-label").slice(9), Number(input.value.replace("−", "-"))])""")
    moved = dict(fields)
    for p in net.parameters():
        p.data = moved[parse_label(p.label).text]
    assert sheet.evaluate(SEEN) == pytest.approx(says(net, -0.25, 1.25), abs=1e-9)
    assert sheet.get_attribute("#descent figure svg", "aria-label").startswith("z₁⁽²⁾ over the plane of x₁")
    assert sheet.errors == []


def test_the_output_of_a_walk_may_be_the_networks_own():
    trace = walk(model()(X[1])).trace
    (sample,), output = touch(trace, parts_of(trace))["plane"].values()
    assert [trace.nodes[i].label for i in (*sample, output)] == ["x1", "x2", "z1^2"]


@pytest.mark.parametrize(
    "output",
    [
        lambda: MLP(3, [2, 1], seed=0)([0.5, 1.0, 2.0]),  # three inputs
        lambda: losses.cross_entropy(MLP(2, [3], seed=0)(X[1]), 1),  # three outputs
        lambda: (model()(X[1]) * 2 + X[0][0]) * model()(X[2]),  # two networks
    ],
)
def test_there_is_no_plane_of_anything_else(output):
    trace = walk(output()).trace
    plane = touch(trace, parts_of(trace))["plane"]
    assert plane is None
