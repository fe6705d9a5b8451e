"""The programs that the lab begins with."""

from __future__ import annotations

LINES = """\
from autograd import Value, draw, gradient_path, walk

a, b, c = Value(2.0, "a"), Value(-3.0, "b"), Value(10.0, "c")
h = a * b
L = (h + c) * h
L.backward()
print("∂L/∂a =", a.grad)

display(draw(L, names=locals()))
display(gradient_path(L, a))
walk(L, names=locals())
"""

XOR = """\
from autograd import draw, gradient_path
from nn import MLP, SGD, accuracy, losses

X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [-1, 1, 1, -1]
model = MLP(2, [4, 1], activation="tanh", seed=1)
optimizer = SGD(model.parameters(), lr=0.2)

for epoch in range(41):
    loss = sum(losses.mse(model(x), t) for x, t in zip(X, y)) / len(X)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if epoch % 10 == 0:
        print(f"epoch {epoch:3}: loss {loss.data:.4f}, accuracy {accuracy(model, X, y):.2f}")

# One sample, seen through: a box per neuron, then every route of one weight.
loss = losses.mse(model(X[2]), y[2])
loss.backward()
display(draw(loss, collapse="neuron"))
gradient_path(loss, model.parameters()[0]).ledger()
"""

MOONS = """\
from nn import MLP, accuracy, fit
from nn.data import moons

points = moons(samples=60)
model = MLP(2, [6, 1], activation="tanh", seed=1)
print(fit(model, points.X, points.y, loss="binary_cross_entropy", epochs=20, batch_size=10, progress=False))
"""

MISTAKE = """\
from autograd import Value, walk
from autograd.mistakes import overwrites

# An engine with = where += belongs, beside the right one: where do they part?
a, b = Value(2.0, "a"), Value(3.0, "b")
h = a * b
walk(h * (h + b), names=locals(), beside=overwrites)
"""

CHECK = """\
from autograd.testing import check_gradient

# A gradient written by hand, compared with differences.
print(check_gradient(lambda x: x**3, lambda x: 3 * x**2, 2.0))
print(check_gradient(lambda x: x**3, lambda x: 3 * x, 2.0))
"""

EXAMPLES = (
    ("lines", "A few lines", LINES),
    ("xor", "XOR, learned by eager steps", XOR),
    ("moons", "Two half moons", MOONS),
    ("mistake", "An engine with a mistake", MISTAKE),
    ("check", "A gradient checked", CHECK),
)
"""Each with its name and its title."""
