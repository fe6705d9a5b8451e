"""The published network, trained by `fit`, against an implementation in NumPy with its gradients by hand."""

import random

import numpy as np

from nn import Adam, Callback, fit
from nn.schedules import LinearLR
from nn.texts import Characters
from nn.transformer import Transformer

STEPS = 1000
HEADS, WIDTH = 4, 16


def made_up_names():
    """A thousand names of 1 to 15 letters; all letters occur."""
    rng = random.Random(1)
    syllables = [c + v for c in "bcdfghjklmnpqrstvwxyz" for v in "aeiou"]
    return ["".join(rng.choices(syllables, k=8))[: rng.randint(1, 15)] for _ in range(STEPS)]


def normed(x):
    """x over its root mean square, and the gradient on x from that on it."""
    scale = (np.mean(x * x, axis=1, keepdims=True) + 1e-5) ** -0.5

    def back(g):
        return scale * g - scale**3 * x * np.mean(g * x, axis=1, keepdims=True)

    return x * scale, back


def softmax(x):
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def loss_and_gradients(w, tokens):
    """The mean surprise over the positions of a document, and the gradient of each matrix."""
    ids, wanted = np.array(tokens[:-1]), np.array(tokens[1:])
    n, size = len(ids), WIDTH // HEADS
    embedded, back_first = normed(w["tokens"][ids] + w["positions"][:n])
    seen, back_seen = normed(embedded)
    q, k, v = (
        (seen @ w[name].T).reshape(n, HEADS, size).swapaxes(0, 1) for name in ("query", "key", "value")
    )
    scores = q @ k.swapaxes(1, 2) / np.sqrt(size)
    shares = softmax(np.where(np.tri(n, dtype=bool), scores, -np.inf))
    mixed = (shares @ v).swapaxes(0, 1).reshape(n, WIDTH)
    between = embedded + mixed @ w["output"].T
    fed, back_fed = normed(between)
    hidden = fed @ w["up"].T
    last = between + np.maximum(hidden, 0) @ w["down"].T
    p = softmax(last @ w["logits"].T)
    loss = -np.mean(np.log(p[np.arange(n), wanted]))

    g = {name: np.zeros_like(x) for name, x in w.items()}
    on_logits = p.copy()
    on_logits[np.arange(n), wanted] -= 1
    on_logits /= n
    g["logits"] = on_logits.T @ last
    on_last = on_logits @ w["logits"]
    g["down"] = on_last.T @ np.maximum(hidden, 0)
    on_hidden = on_last @ w["down"] * (hidden > 0)
    g["up"] = on_hidden.T @ fed
    on_between = on_last + back_fed(on_hidden @ w["up"])
    g["output"] = on_between.T @ mixed
    on_mixed = (on_between @ w["output"]).reshape(n, HEADS, size).swapaxes(0, 1)
    on_shares = on_mixed @ v.swapaxes(1, 2)
    on_scores = shares * (on_shares - np.sum(on_shares * shares, axis=-1, keepdims=True)) / np.sqrt(size)
    on_seen = 0.0
    for name, on_heads in (
        ("query", on_scores @ k),
        ("key", on_scores.swapaxes(1, 2) @ q),
        ("value", shares.swapaxes(1, 2) @ on_mixed),
    ):
        flat = on_heads.swapaxes(0, 1).reshape(n, WIDTH)
        g[name] = flat.T @ seen
        on_seen = on_seen + flat @ w[name]
    on_sum = back_first(on_between + back_seen(on_seen))
    np.add.at(g["tokens"], ids, on_sum)
    g["positions"][:n] = on_sum
    return loss, g


def matrices(model):
    (block,) = model.blocks
    attention, fed = block.attention, block.feedforward
    tables = {"tokens": model.tokens.weight, "positions": model.positions.weight}
    layers = {
        "query": attention.queries, "key": attention.keys, "value": attention.values,
        "output": attention.output, "up": fed.up, "down": fed.down, "logits": model.output,
    }  # fmt: skip
    numbers = {name: [[p.data for p in row] for row in table] for name, table in tables.items()}
    return {name: np.array(x) for name, x in (numbers | {n: layer.W for n, layer in layers.items()}).items()}


class Losses(Callback):
    """Keeps the loss of each batch."""

    def __init__(self):
        self.all = []

    def on_batch_end(self, training, loss, samples):
        self.all.append(loss)


def test_a_thousand_steps_are_those_of_the_published_program_to_nine_digits():
    names = made_up_names()
    letters = Characters(names)
    model = Transformer.microgpt(len(letters), seed=42)
    w = matrices(model)
    assert sum(x.size for x in w.values()) == len(model.parameters()) == 4192

    wanted = []
    first, second = ({name: np.zeros_like(x) for name, x in w.items()} for _ in range(2))
    for step, name in enumerate(names):
        loss, g = loss_and_gradients(w, [letters.mark, *letters.encode(name), letters.mark])
        wanted.append(loss)
        for key, x in w.items():
            first[key] = 0.85 * first[key] + 0.15 * g[key]
            second[key] = 0.99 * second[key] + 0.01 * g[key] ** 2
            m, s = first[key] / (1 - 0.85 ** (step + 1)), second[key] / (1 - 0.99 ** (step + 1))
            x -= 0.01 * (1 - step / STEPS) * m / (np.sqrt(s) + 1e-8)

    optimizer = Adam(model.parameters(), lr=0.01, betas=(0.85, 0.99), eps=1e-8)
    found = Losses()
    history = fit(
        model, *letters.samples(names, model.context), loss="cross_entropy", optimizer=optimizer,
        epochs=1, batch_size=1, seed=None, progress=False,
        callbacks=[found, LinearLR(optimizer, 1.0, 0.0, STEPS, every="batch")],
    )  # fmt: skip
    assert history.engine == "tape"
    assert np.abs(np.array(found.all) - wanted).max() < 1e-9
    ours = matrices(model)
    assert all(np.abs(ours[key] - x).max() < 1e-7 for key, x in w.items())
