"""``python -m nn train names`` and ``train text``: a language model learns to write."""

from __future__ import annotations

import argparse
import random
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from math import ceil, exp
from os import PathLike
from pathlib import Path
from typing import Any

from autograd.files.tensorfile import CheckpointError
from autograd.notation.command_line import in_one_line, refuse, say
from autograd.notation.labels import shorten
from autograd.notation.numbers import counted, number
from autograd.notation.signals import Ended, Ending, code_of, held_back
from nn.callbacks import Callback, Epoch, Training, evenly_spaced
from nn.checks import check_packages, one_of
from nn.command.course import Clock, Ends, Saving, given_of, kept, save_here, shown
from nn.command.report.folder import PACKAGES, check_folder
from nn.data.samples import Weighted, split
from nn.data.structures import places_by_shape
from nn.health.monitor import Monitor
from nn.optim import Adam
from nn.saving.checkpoint import Checkpoint, save
from nn.schedules import LinearLR, SequentialLR
from nn.texts import Bytes, Characters, Tokenizer, generate
from nn.texts.corpora import first_names, read_text
from nn.training.fit import ENGINES, PRECISIONS, fit
from nn.training.history import History
from nn.training.resume import Resume
from nn.transformer import Transformer

NAMED = ("names", "text")
"""What a language model can be asked to learn."""
TOKENIZERS: dict[str, Callable[[Iterable[str]], Tokenizer]] = {
    "characters": Characters,
    "bytes": lambda documents: Bytes(),
}
CUTS = ("line", "window")
"""A document is a line of the file, or a window of its running text."""
SHOWN, TEMPERATURE, TIMES = 6, 0.8, 5
"""This many texts are shown, drawn at this temperature, at this many moments of the training."""
STEPS, MOST_EPOCHS = 2000, 200
"""By default a training has about this many steps at least, but no more than this many epochs."""
WARM_UP = 0.05
"""In this share of the steps the rate grows to its full size; then it falls to 0."""


@dataclass(frozen=True)
class TextSettings:
    """What can be chosen of the training of a language model.

    Attributes:
        tokens: one of `TOKENIZERS`.
        by: one of `CUTS`.
        width, heads, blocks, context: as `nn.Transformer` takes them.
        lr, epochs, batch, seed, held_out, engine, dtype, threads: see `nn.command.settings.Settings`.
    """

    tokens: str = "characters"
    by: str = "line"
    width: int = 16
    heads: int = 4
    blocks: int = 1
    context: int = 16
    lr: float = 0.01
    epochs: int = 1
    batch: int = 32
    seed: int = 0
    held_out: float = 0.1
    engine: str = "auto"
    dtype: str = "float64"
    threads: int = 1


class Samples(list[tuple[list[int], list[int]]]):
    """Pairs of what is read and what comes next."""

    def take(self, indices: Sequence[int]) -> Samples:
        """Return those at these places."""
        return Samples(self[i] for i in indices)


@dataclass
class TextJob:
    """A training of a language model that is ready to start.

    Attributes:
        name: what the texts are called.
        fingerprint: the same for the same texts only.
        settings: what was chosen.
        tokenizer, model, optimizer: what learns.
        train, held_out: the samples to train on and to judge by.
        cut: what is to be told of documents that were cut; "" for nothing.
    """

    name: str
    fingerprint: str
    settings: TextSettings
    tokenizer: Tokenizer
    model: Transformer
    optimizer: Adam
    train: Samples
    held_out: Samples
    cut: str

    def save(self, path: str | PathLike[str], state: Any) -> None:
        """Write the model, its tokens and the state of its training to a file."""
        letters = self.tokenizer.letters if isinstance(self.tokenizer, Characters) else ""
        notes = {"settings": asdict(self.settings), "data": self.fingerprint, "letters": letters}
        save(self.model, path, training=state, notes=notes)

    def samples(self, count: int, seed: int = 0) -> list[str]:
        """Return ``count`` texts that the model writes."""
        rng = random.Random(seed)
        return [generate(self.model, self.tokenizer, temperature=TEMPERATURE, seed=rng) for _ in range(count)]


def train_texts(arguments: argparse.Namespace) -> int:
    """Run the command ``train`` for a language model; return the exit code."""
    try:
        job, state = _prepared(arguments)
    except (ValueError, OSError, ImportError) as error:
        return refuse(in_one_line(error))
    say(*_announcement(job, state))
    with held_back() as ending:
        code = _trained(arguments, job, state, ending)
        return code if ending.signal is None else code_of(Ended(ending.signal))


def _trained(arguments: argparse.Namespace, job: TextJob, state: Any, ending: Ending) -> int:
    """Train, save, report and show what was learned; return the exit code."""
    saving = None if arguments.save is None else Saving(arguments.save, job.save)
    clock, monitor, written = Clock(), Monitor(), list[tuple[str, list[str]]]()
    history = _run(job, saving, state, shown(arguments.progress), [clock, Ends(ending), monitor], written)
    if history.stopped:
        say(f"note      {history.stopped}")
    if len(history):
        say(f"training  {_measures(history[-1].loss)}")
        if history[-1].val_loss is not None:
            say(f"held out  {_measures(history[-1].val_loss)}")
    why = f" ({history.engine_note})" if history.engine_note else ""
    time = f"{clock.seconds:.1f} s for {counted(len(history), 'epoch')}"
    say(f"time      {time}, {history.engine} engine{why}")
    written.append(("at the end", job.samples(4 * SHOWN, seed=1)))
    for text in written[-1][1]:
        say(f"writes    {shorten(text, 70)}")
    code = kept(saving, history, len(history) > (state["epoch"] if state else 0))
    try:
        from nn.command.report import write_text_report
        from nn.command.report.texts import Told

        held_out = bool(job.held_out)
        told = Told(
            job.name, job.model, job.tokenizer, job.held_out or job.train, held_out, job.settings, history,
            monitor, written, clock.seconds,
        )  # fmt: skip
        page = write_text_report(told, arguments.report, lambda path: job.save(path, None))
    except OSError as error:
        return refuse(in_one_line(error))
    say(f"report    {page}")
    return code


def _measures(loss: float) -> str:
    return f"loss {number(loss)}, perplexity {number(exp(min(loss, 700.0)))}"


# ------------------------------------------------------------------------------------- before


def _prepared(arguments: argparse.Namespace) -> tuple[TextJob, Any]:
    """Return the job, and the state of an earlier training to continue, or None."""
    given = given_of(arguments, TextSettings)
    for name in (
        "layers",
        "activation",
        "dropout",
        "loss",
        "optimizer",
        "schedule",
        "l2",
        "target",
    ):
        if getattr(arguments, name) is not None:
            raise ValueError(f"--{name.replace('_', '-')} is not for a language model")
    if arguments.weights:
        raise ValueError("--weights is not for a language model")
    if arguments.data == "names":
        if arguments.folder is not None:
            raise ValueError("the names come with a package; to learn from a file: train text --data FILE")
        name, text = "first names", "\n".join(first_names())
    elif arguments.folder is None:
        raise ValueError("name the file to learn from: train text --data FILE")
    else:
        name, text = str(arguments.folder), read_text(arguments.folder)
    if arguments.resume is None:
        job, state = prepare(name, text, _settings(text, given)), None
    else:
        job, state = _resumed(name, text, arguments.resume, given)
    arguments.report = arguments.report or Path("report")
    check_packages(PACKAGES, "a training report")
    check_folder(arguments.report)
    if arguments.save is not None:
        save_here(arguments.save, arguments.report)
    shown(arguments.progress)
    return job, state


def _settings(text: str, given: dict[str, Any]) -> TextSettings:
    """Return the settings for a text: what is given, and defaults that suit it."""
    settings = replace(TextSettings(), **given)
    lines = text.split("\n")
    if "by" not in given:
        fitting = sum(0 < len(line) < settings.context for line in lines)
        settings = replace(settings, by="line" if fitting > len(lines) / 2 else "window")
    if "epochs" not in given:
        count = len(lines) if settings.by == "line" else len(text) // settings.context
        epochs = ceil(STEPS * settings.batch / max(1.0, count * (1 - settings.held_out)))
        settings = replace(settings, epochs=min(MOST_EPOCHS, epochs))
    return settings


def prepare(name: str, text: str, settings: TextSettings) -> TextJob:
    """Return everything that a training needs, checked.

    Args:
        name: what the text is called.
        text: documents, one per line, or a running text.
        settings: what was chosen.

    Raises:
        ValueError: if a setting is unknown or does not fit the text.
    """
    one_of("engine", settings.engine, dict.fromkeys(ENGINES))
    one_of("dtype", settings.dtype, PRECISIONS)
    by = one_of("--by", settings.by, {cut: cut for cut in CUTS})
    documents = text.split("\n") if by == "line" else [text]
    tokenizer = one_of("--tokens", settings.tokens, TOKENIZERS)(documents)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", UserWarning)
        make = tokenizer.samples(documents, settings.context) if by == "line" else None
        X, y = make or tokenizer.windows(text, settings.context)
    samples = Samples(zip(X, y, strict=True))
    held_out = Samples()
    if settings.held_out:
        samples, held_out = split(samples, settings.held_out, random.Random(settings.seed))
    model = Transformer(
        len(tokenizer), settings.width, settings.heads, settings.blocks, settings.context,
        activation="relu", norm="rms", gain=False, bias=False, seed=settings.seed,
    )  # fmt: skip
    told = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    cut = str(said[0].message) if said else ""
    optimizer = Adam(model.parameters(), lr=settings.lr, betas=(0.85, 0.99))
    return TextJob(name, told, settings, tokenizer, model, optimizer, samples, held_out, cut)


def _resumed(
    name: str, text: str, path: str | PathLike[str], given: dict[str, Any]
) -> tuple[TextJob, Any]:  # fmt: skip
    """Return a training to continue: the job as it was, and its state."""
    checkpoint = Checkpoint.read(path)
    try:
        settings = TextSettings(**checkpoint.notes["settings"])
        epoch = checkpoint.training["epoch"]
    except (KeyError, TypeError):
        raise CheckpointError(f"{path}: it holds no training of a language model to continue") from None
    for what, x in given.items():
        was = getattr(settings, what)
        if what not in ("engine", "threads") and x != was:
            raise ValueError(
                f"{path}: a training continues as it was begun, with --{what.replace('_', '-')} at {was!r}; "
                f"got {x!r}"
            )
    job = prepare(name, text, replace(settings, **given))
    letters = job.tokenizer.letters if isinstance(job.tokenizer, Characters) else ""
    known = checkpoint.notes.get("letters")
    if letters != known:
        odd = sorted(set(letters) ^ set(str(known)))
        raise ValueError(f"{path}: its vocabulary is another: {', '.join(map(repr, odd))} is in only one")
    if checkpoint.notes.get("data") != job.fingerprint:
        raise ValueError(f"{path}: the model was not trained on {name}, or that has changed since")
    checkpoint.load_into(job.model)
    if settings.epochs <= epoch:
        raise ValueError(f"{path}: all {epoch} epochs of this training are done")
    return job, checkpoint.training


# ------------------------------------------------------------------------------------- the training


def _run(
    job: TextJob, saving: Saving | None, state: Any, progress: str, others: Sequence[Callback],
    written: list[tuple[str, list[str]]],
) -> History:  # fmt: skip
    """Train, telling and noting now and then what the model writes."""
    settings = job.settings
    noted = evenly_spaced(settings.epochs, TIMES)

    def after_an_epoch(training: Training, epoch: Epoch) -> None:
        if epoch.number in noted:
            texts = job.samples(SHOWN)
            moment = f"epoch {epoch.number}, perplexity {number(exp(min(epoch.judged_by, 700.0)))}"
            written.append((moment, texts))
            if progress != "none":
                say(f"{moment}: {', '.join(shorten(text, 24) for text in texts)}")

    batches = sum(
        -(-len(places) // settings.batch)
        for places in places_by_shape([len(x) for x, _ in job.train]).values()
    )
    steps = settings.epochs * batches
    rising = max(1, round(WARM_UP * steps))
    warm_up = LinearLR(job.optimizer, 1 / rising, total_iters=rising)
    decay = LinearLR(job.optimizer, 1.0, 0.0, total_iters=max(1, steps - rising))
    schedule = SequentialLR(job.optimizer, [warm_up, decay], [rising], every="batch")
    callbacks: list[Any] = [schedule, after_an_epoch, *others, *([] if saving is None else [saving])]
    if state is not None:
        callbacks.append(Resume(state))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # what fit warns of is printed at the end
        return fit(
            job.model,
            *_columns(job.train),
            loss="cross_entropy",
            optimizer=job.optimizer,
            epochs=settings.epochs,
            batch_size=settings.batch,
            seed=settings.seed,
            validation=_columns(job.held_out) if job.held_out else None,
            engine=settings.engine,
            dtype=settings.dtype,
            threads=settings.threads,
            callbacks=callbacks,
            progress=progress == "bar",
        )


def _columns(samples: Samples) -> tuple[list[list[int]], Weighted]:
    """Return samples as `fit` takes them, each of the weight of its length: every position counts alike."""
    return [x for x, _ in samples], Weighted([y for _, y in samples], [len(y) for _, y in samples])


def _announcement(job: TextJob, state: Any) -> list[str]:
    """Return the lines about what is about to happen."""
    settings, count = job.settings, len(job.train) + len(job.held_out)
    cut = "one per line" if settings.by == "line" else f"windows of {settings.context} tokens"
    done = f", {state['epoch']} of them done before" if state else ""
    return [
        f"data      {shorten(job.name, 60)}: {counted(count, 'document')}, {cut}, of "
        f"{counted(len(job.tokenizer), 'token')}; {len(job.train):,} to train on, "
        f"{len(job.held_out):,} held out",
        f"network   {job.model!r}",
        f"training  cross_entropy, adam at a rate of {number(settings.lr)} after a warm-up, then falling, "
        f"batches of up to {settings.batch}, {counted(settings.epochs, 'epoch')}{done}, seed {settings.seed}",
        *([f"note      {job.cut}"] if job.cut else []),
    ]
