"""The report of a language model: what it writes and believes, and one letter's error back to one weight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import exp
from typing import Any

from autograd import Parameter, Value, __version__, gradient_path, gradients, mean
from autograd.notation.labels import parse_label, shorten
from autograd.notation.numbers import count, counted, number, sign_word, signed
from autograd.seeing import GradientPath
from nn import losses, seeing
from nn.attention import shares_in
from nn.command.report import linked_pages, pictures
from nn.command.report.folder import HISTORY, PLAYER, WEIGHTS
from nn.command.report.page import inline, loss_curve, page
from nn.command.report.verdict import curve_verdict
from nn.command.report.words import notice, seconds
from nn.command.result import Cost
from nn.health.monitor import Monitor
from nn.texts import Beliefs, Tokenizer
from nn.texts.next_token import beliefs_of
from nn.training.history import History
from nn.transformer import Transformer

AMONG, LONGEST = 64, 8
"""The letter to look at is sought among this many documents, of at most this many tokens if there are any."""
RATE = 0.1
"""The rate of the one step whose effect is shown."""
STOPS, BOXES = 8, 60
"""At most this many looks are listed, and this many boxes drawn."""


@dataclass
class Told:
    """All that the report is made of.

    Attributes:
        name: what the texts are called.
        model, tokenizer: what has learned.
        samples: documents to look at, as pairs of ids that are read and that come next: held-out ones if
            there are any.
        held_out: whether they are held out.
        settings: what was chosen.
        history, monitor: of the training.
        written: what the model wrote: a name for the moment, and the texts.
        seconds: how long the training took.
    """

    name: str
    model: Transformer
    tokenizer: Tokenizer
    samples: Sequence[tuple[list[int], list[int]]]
    held_out: bool
    settings: Any
    history: History
    monitor: Monitor
    written: list[tuple[str, list[str]]]
    seconds: float


def render(told: Told) -> tuple[str, dict[str, str]]:
    """Return the page as HTML, and the text of the files that it links to, by their names in the folder.

    Raises:
        ImportError: if matplotlib, NumPy or Jinja is not installed.
    """
    read, after = _document(told)
    tokens = [told.tokenizer.token(i) for i in read]
    text = told.tokenizer.decode(read)
    cost = Cost(losses.cross_entropy)
    costs = [cost(row, t) for row, t in zip(told.model(read), after, strict=True)]
    at = max(range(len(costs)), key=lambda k: costs[k].data)
    loss = costs[at]
    loss.label = "L"
    weight, path = _weight(loss, told.model)
    looks = {share.value: share for share in shares_in(loss)}
    stops = path.through(looks)
    told.model.zero_grad()
    loss.backward()
    drawn = linked_pages.attempted("the drawing", lambda: _drawn(path))
    player = linked_pages.player_of(loss)
    told.model.zero_grad()
    now, later = _a_step(told, read, after)
    files = {PLAYER: player["html"]} if player["html"] else {}
    history, settings = told.history, told.settings
    perplexity = number(exp(min(700.0, history[-1].judged_by))) if len(history) else "–"
    facts = {
        "version": __version__,
        "title": f"What a model learned from {shorten(told.name, 60)}",
        "headline": f"Before each token it wavers among about {perplexity} of the "
        f"{len(told.tokenizer)} that there are"
        + (
            ", on documents that it has not seen." if told.held_out else ", on the documents it learned from."
        ),
        "notice": notice(history, settings.epochs),
        "verdict": _verdict(history),
        "tiles": [
            (perplexity, "perplexity", "held out" if told.held_out else "training"),
            (f"{len(told.model.parameters()):,}", "parameters", _shape(told.model)),
            (f"{len(history):,}", "epoch" if len(history) == 1 else "epochs", "adam"),
            (seconds(told.seconds), "training time", f"{history.engine} engine"),
        ],
        "held_out": told.held_out,
        "loss_curve": loss_curve(history, "cross entropy"),
        "written": [(moment, ", ".join(shorten(t, 40) for t in texts)) for moment, texts in told.written],
        "document": shorten(text, 60),
        "kind": "which was held out" if told.held_out else "from the training",
        "rate": number(RATE),
        "perplexity": number(now.perplexity),
        "perplexity_after": number(later.perplexity),
        "beliefs": inline(seeing.beliefs(later, now).page_svg(), "beliefs"),
        "letter": f"{told.tokenizer.token(after[at])!r} after {told.tokenizer.decode(read[: at + 1])!r}",
        "probability": f"{exp(-loss.data):.1%}",
        "loss": number(loss.data),
        "attention": inline(seeing.attention(loss, tokens).page_svg(), "attention"),
        "weight": parse_label(weight.label).text,
        "weight_value": number(weight.data),
        "gradient": signed(path.total),
        "routes": counted(path.count, "route"),
        "stops": [
            (signed(s.total), sign_word(s.total), count(s.count), looks[s.value].in_words(tokens))
            for s in stops[:STOPS]
        ],
        "sum": signed(path.total),
        "all": count(path.count),
        "path": drawn,
        "player": player,
        "findings": [str(finding) for finding in told.monitor.findings],
        "records": len(told.monitor.records),
        "health": inline(told.monitor.plot().page_svg(), "health") if told.monitor.records else "",
        "settings": [(name, str(x)) for name, x in asdict(settings).items()],
        "files": [
            *([(PLAYER, "the loss of one letter and its gradients, step by step")] if files else []),
            (WEIGHTS, "the model, its tokens and the state of its training"),
            (HISTORY, "loss and perplexity of every epoch"),
        ],
        "places": {"player": PLAYER},
    }
    return page(f"{told.name}: what a model learned", "texts.html", facts), files


def _document(told: Told) -> tuple[list[int], list[int]]:
    """Return the document to look at: of short ones, the one with the costliest letter."""
    fitting = [pair for pair in told.samples if 3 < len(pair[0]) <= LONGEST] or list(told.samples)
    among = fitting[:AMONG]
    costs = [max(beliefs_of(told.model, told.tokenizer, *pair).surprises) for pair in among]
    return among[max(range(len(among)), key=costs.__getitem__)]


def _weight(loss: Value, model: Transformer) -> tuple[Parameter, GradientPath]:
    """Return the query weight of the last block with the largest gradient, and its gradient path."""
    weights = [w for neuron in model.blocks[-1].attention.queries.neurons for w in neuron.w]
    sizes = [abs(g) for g in gradients(loss, weights)]
    weight = weights[max(range(len(weights)), key=sizes.__getitem__)]
    return weight, gradient_path(loss, weight)


def _drawn(path: GradientPath) -> linked_pages.Told:
    svg = pictures.adaptive(lambda theme: path.draw(collapse="module", depth=2, limit=BOXES, theme=theme))
    return {"html": inline(svg, "path")}


def _a_step(told: Told, read: list[int], after: list[int]) -> tuple[Beliefs, Beliefs]:
    """Return what is believed before and after one step on the document; the weights stay as they are."""
    parameters = told.model.parameters()
    now, before = beliefs_of(told.model, told.tokenizer, read, after), [p.data for p in parameters]
    cost = mean([losses.cross_entropy(row, t) for row, t in zip(told.model(read), after, strict=True)])
    slopes = gradients(cost, parameters)
    try:
        for p, slope in zip(parameters, slopes, strict=True):
            p.data -= RATE * slope
        return now, beliefs_of(told.model, told.tokenizer, read, after)
    finally:
        for p, x in zip(parameters, before, strict=True):
            p.data = x


def _verdict(history: History) -> str:
    held_out = [loss for loss in history["val_loss"] if loss is not None]
    return "" if history.best_epoch else curve_verdict(history["loss"], held_out)  # an epoch was restored


def _shape(model: Transformer) -> str:
    blocks, heads = len(model.blocks), len(model.blocks[0].attention.heads)
    return f"{counted(blocks, 'block')} of {counted(heads, 'head')}, width {model.tokens.width}"
