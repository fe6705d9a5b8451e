"""The right answers to the exercises of the lessons. Nothing that a learner installs has them."""

from itertools import pairwise
from math import exp, log, prod, sqrt, tanh


def rule_of_product(a, b):
    return a * b, b, a


def rule_of_quotient(a, b):
    return a / b, 1 / b, -a / b**2


def rule_of_sigmoid(x):
    y = 1 / (1 + exp(-x))
    return y, y * (1 - y)


def rule_of_tanh(x):
    y = tanh(x)
    return y, 1 - y * y


def rule_of_relu(x):
    return (x, 1.0) if x > 0 else (0.0, 0.0)


def rule_of_softplus(x):
    return log(1 + exp(x)), 1 / (1 + exp(-x))


def order_of(output):
    order, visited = [], set()

    def visit(node):
        if node not in visited:
            visited.add(node)
            for v in node.inputs:
                visit(v)
            order.append(node)

    visit(output)
    return order


def backward(order):
    order[-1].grad = 1.0
    for node in reversed(order):
        for v, partial in zip(node.inputs, node.partials, strict=True):
            v.grad += node.grad * partial


def neuron_output(w, x, b):
    return tanh(sum(wi * xi for wi, xi in zip(w, x, strict=True)) + b)


def perceptron_step(w, b, x, t):
    z = sum(wi * xi for wi, xi in zip(w, x, strict=True)) + b
    if t * z > 0:
        return w, b
    return [wi + t * xi for wi, xi in zip(w, x, strict=True)], b + t


def delta_of_output(a, t):
    return (a - t) * a * (1 - a)


def delta_of_hidden(a, w, deltas):
    return sum(wi * di for wi, di in zip(w, deltas, strict=True)) * a * (1 - a)


def layer_sums(W, x, b):
    return [sum(w * v for w, v in zip(row, x, strict=True)) + bias for row, bias in zip(W, b, strict=True)]


def back_through(W, delta):
    return [sum(row[k] * d for row, d in zip(W, delta, strict=True)) for k in range(len(W[0]))]


def gradient_of_weights(delta, x):
    return [[d * v for v in x] for d in delta]


def number_of_routes(widths):
    count = 1
    for n in widths[2:]:
        count *= n
    return count


def gradient_by_routes(routes):
    total = 0.0
    for route in routes:
        product = 1.0
        for partial in route:
            product *= partial
        total += product
    return total


def sgd_step(w, g, lr):
    return [wi - lr * gi for wi, gi in zip(w, g, strict=True)]


def momentum_step(w, g, v, lr, momentum):
    v = momentum * v + g
    return w - lr * v, v


def slope_of_cross_entropy(z, t):
    return 1 / (1 + exp(-z)) - t


def he_std(fan_in):
    return sqrt(2 / fan_in)


def clipped(g, most):
    norm = sqrt(sum(x * x for x in g))
    return [x * most / norm for x in g] if norm > most else g


def slope_by_difference(f, x, h):
    return (f(x + h) - f(x - h)) / (2 * h)


def softmax(z):
    top = max(z)
    e = [exp(x - top) for x in z]
    return [x / sum(e) for x in e]


def slopes_of_softmax(p, label):
    return [x - (k == label) for k, x in enumerate(p)]


def share_right(outputs, labels):
    return sum(
        max(range(len(p)), key=p.__getitem__) == t for p, t in zip(outputs, labels, strict=True)
    ) / len(labels)


def last_state(w, u, b, xs):
    h = 0.0
    for x in xs:
        h = tanh(w * x + u * h + b)
    return h


def next_cell(c, f, i, g):
    return f * c + i * g


def number_of_weights(sizes):
    return sum(m * (n + 1) for n, m in pairwise(sizes))


def best_network(train, held_out):
    return max(range(len(held_out)), key=held_out.__getitem__)


def shares_of(scores):
    powers = [exp(s - max(scores)) for s in scores]
    return [p / sum(powers) for p in powers]


def look(query, keys, values):
    scores = [sum(a * b for a, b in zip(query, key, strict=True)) / sqrt(len(query)) for key in keys]
    shares = shares_of(scores)
    return [sum(a * v for a, v in zip(shares, column, strict=True)) for column in zip(*values, strict=True)]


def pair_probabilities(row):
    return [(n + 1) / (sum(row) + len(row)) for n in row]


def perplexity(probabilities):
    return exp(-sum(map(log, probabilities)) / len(probabilities))


def slopes_of_share(shares, i):
    return [shares[i] * ((i == j) - a) for j, a in enumerate(shares)]


def slide(xs, kernel):
    places = range(len(xs) - len(kernel) + 1)
    return [sum(w * xs[i + j] for j, w in enumerate(kernel)) for i in places]


def gradient_of_kernel(xs, deltas, size):
    return [sum(d * xs[i + j] for i, d in enumerate(deltas)) for j in range(size)]


def added_by(routes, look):
    return sum(prod(partials) for at, partials in routes if at == look)
