"""The command line: ``python -m nn train DATA`` trains a network and draws it."""

from __future__ import annotations

import argparse
import csv
import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from math import inf, nan
from pathlib import Path
from typing import Any

from autograd import Parameter
from autograd.notation.command_line import OneLineParser, in_one_line, interrupted, refuse, say
from autograd.notation.labels import shorten
from autograd.notation.numbers import counted, number
from autograd.notation.signals import Ended, Ending, code_of, held_back
from nn.activations import ACTIVATIONS
from nn.checks import check_packages
from nn.command import searching, texts
from nn.command.course import PROGRESS, Saving, given_of, kept, save_here, shown
from nn.command.job import Job, prepare, resumed
from nn.command.predictor import predict_table
from nn.command.report.folder import PACKAGES
from nn.command.result import Result
from nn.command.run import run
from nn.command.settings import KEPT, OPTIMIZERS, SCHEDULES, SEARCHED, Settings, default_settings
from nn.data.dataset import Dataset, remarks
from nn.data.plan import MISSING, TASKS, Options
from nn.data.sets import FOLDERS, NAMED, load
from nn.losses import LOSSES
from nn.training.fit import ENGINES, PRECISIONS

MOST_NOTES = 3
"""At most this many oddities of the data are named."""

MOST_DRAWN = 50_000
"""A network of more weights than this is drawn only if the folder for the report is named."""

ABOUT = """\
Trains a network made of single numbers that can be seen through, and draws it.

examples:
  python -m nn train xor
  python -m nn train digits --report digits-report
  python -m nn train mnist --data mnist-files
  python -m nn train flowers.csv --target species
  python -m nn train flowers.csv --target species --save flowers.safetensors
  python -m nn predict flowers.safetensors new-flowers.csv
  python -m nn search digits
  python -m nn train --help
"""

TRAIN = """\
Trains a multi-layer perceptron and writes a report: a page with the loss curve, the decision
boundary, confusion matrix or predictions, the drawn network and the gradient path of its weights;
a page that steps through the loss of one sample; a page with the gradient of every weight; the
weights as safetensors; the history as CSV.

DATA is one of
  xor      four points that no straight line separates
  moons    two interleaved half circles of points
  digits   1,797 handwritten digits of 8 × 8 pixels
  iris, wine, cancer     flowers, wines and tumours to tell apart by their measures
  diabetes               how far a disease went, from ten measures
  mnist    70,000 handwritten digits of 28 × 28 pixels, from the four files in the folder --data
           (train-images-idx3-ubyte.gz and so on, checked); 10,000 of them are held out
  idx      the same for other files of that format, such as Fashion-MNIST
  names    first names, of which a language model learns to make up more; text, the same for the
           documents in the file --data, one per line, or for a running text; no report is written
or the path of a table: a text file with a header line (commas, semicolons, tabs, blanks; also packed),
or parquet, or - for standard input; --target names the column to learn.  A column of text or of few,
repeated whole numbers is learned as classes, any other column of numbers as a regression.  Feature
columns of text become one input of 0 and 1 per value if the values are few, dates become days.  What
numbers or names the rows, never changes, or is text of many values is left out; all this is said.
"""

PREDICT = """\
Prints a CSV table with the prediction for each row of TABLE, in the units of the target, and for
classes how far the one predicted is supported, from 0 to 1.  TABLE is read as the table that MODEL
was trained on: its columns may stand in another order and the target may be absent, but no input.

example:
  python -m nn train flowers.csv --target species --save flowers.safetensors
  python -m nn predict flowers.safetensors new-flowers.csv > predictions.csv
"""

EXAMPLES = """\
examples:
  python -m nn train xor --layers 2 --seed 3
  python -m nn train moons --layers 16,16 --activation relu --loss hinge --report moons
  python -m nn train digits --epochs 20 --l2 0.0001 --weights "w28,4^1 b3^2"
  python -m nn train houses.csv --target price --layers 32,16 --held-out 0.3
  python -m nn train names
  python -m nn train text --data poems.txt --width 32 --context 64
  python -m nn train wine.csv --target quality --task regression --drop "id,taster" --missing mark
  python -m nn train digits --save digits.safetensors --epochs 20
  python -m nn train digits --save digits.safetensors --resume digits.safetensors --epochs 40

Ctrl-C ends the training early; what was learned so far is saved and reported, and the exit code is 130
(143 when the system ends it, 129 when the terminal is closed).  A second Ctrl-C ends all at once.
Bad input ends with one line that names it and with exit code 2, and nothing is written.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code.

    Args:
        argv: the arguments after the program's name; those of this process by default.
    """
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except KeyboardInterrupt as error:
        return interrupted(error, ": no report was written" if arguments.run is train else "")


def predict(arguments: argparse.Namespace) -> int:
    """Run the command ``predict``; return the exit code."""
    try:
        predict_table(arguments.model, arguments.table)
    except (ValueError, OSError, ImportError) as error:
        return refuse(in_one_line(error))
    return 0


def train(arguments: argparse.Namespace) -> int:
    """Run the command ``train``; return the exit code."""
    if arguments.data in texts.NAMED:
        return texts.train_texts(arguments)
    try:
        job, state, weights = _checked(arguments)
    except (ValueError, OSError, ImportError) as error:
        return refuse(in_one_line(error))
    return _run(arguments, job, state, weights)


def search(arguments: argparse.Namespace) -> int:
    """Run the command ``search``; return the exit code."""
    try:
        chosen = searching.checked(arguments, _data(arguments))
        job = searching.search(chosen)
    except KeyboardInterrupt as error:
        return interrupted(error, ": the same command goes on from here")
    except (ValueError, OSError, ImportError) as error:
        return refuse(in_one_line(error))
    arguments.save = chosen.folder / searching.BEST
    arguments.report = chosen.folder / searching.REPORT
    return _run(arguments, job, None, [])


def _run(arguments: argparse.Namespace, job: Job, state: Any, weights: list[Parameter]) -> int:
    """Train, say how it went, report and save; return the exit code."""
    say(*_announcement(job, state))
    with held_back() as ending:  # from here on there is something to lose
        code = _trained(arguments, job, state, weights, ending)
        return code if ending.signal is None else code_of(Ended(ending.signal))


def _trained(
    arguments: argparse.Namespace, job: Job, state: Any, weights: list[Parameter], ending: Ending
) -> int:
    """Train, report and save as far as that can be done; return the exit code."""
    saving = None if arguments.save is None else Saving(arguments.save, job.save)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # what fit warns of is printed below
        try:
            result = run(job, shown(arguments.progress), saving, state, ending)
        except ImportError as error:  # there is no tape
            return refuse(in_one_line(error))
    say(*_outcome(result))
    code = kept(saving, result.history, len(result.history) > (state["epoch"] if state else 0))
    page: Path | str = "none of so large a network, unless its folder is named: --report FOLDER"
    if arguments.report is not None:
        from nn.command.report import write_report

        try:
            page = write_report(result, arguments.report, weights)
        except OSError as error:
            error.filename = error.filename or arguments.report
            return refuse(in_one_line(error))
    say(f"report    {page}")
    return code


def _checked(arguments: argparse.Namespace) -> tuple[Job, Any, list[Parameter]]:
    """Check everything that can be checked before the training.

    Returns:
        The job, the state of an earlier training to continue (None for a new one), and the weights whose
        gradient paths are to be drawn (none for the report's own choice).
    """
    for flag, *_ in OPTIONS[LANGUAGE]:
        if getattr(arguments, flag.removeprefix("--")) is not None:
            raise ValueError(f"{flag} is for a language model: train names, or train text --data FILE")
    data = _data(arguments)
    given = given_of(arguments, Settings)
    if arguments.resume is None:
        job, state = prepare(data, replace(default_settings(data), **given)), None
    else:
        job, state = resumed(data, arguments.resume, given)
    weights = [job.model.parameter(name) for name in _names(arguments.weights)]
    if arguments.report is None and (weights or len(job.model.parameters()) <= MOST_DRAWN):
        arguments.report = Path("report")
    if arguments.report is not None:
        from nn.command.report.folder import check_folder

        check_folder(arguments.report)
    if arguments.save is not None:
        save_here(arguments.save, arguments.report)
    shown(arguments.progress)
    return job, state, weights


def _data(arguments: argparse.Namespace) -> Dataset:
    check_packages(PACKAGES, "a training report")
    return load(arguments.data, arguments.target, arguments.folder, **given_of(arguments, Options))


def _names(text: str) -> list[str]:
    """Return the names in a list of weights; the comma inside ``w12,3^1`` is part of the name."""
    return [name for name in re.split(r"\s+|,(?!\d)", text) if name]


# ------------------------------------------------------------------------------- what is printed


def _announcement(job: Job, state: Any) -> list[str]:
    """Return the lines about what is about to happen."""
    data, settings = job.data, job.settings
    notes = remarks(job.train)
    done = f", {state['epoch']} of them done before" if state else ""
    kind = f"{len(data.classes)} classes" if data.classes else "regression"
    parts = f"{len(job.train):,} to train on, {len(job.held_out):,} held out"
    sizes = " → ".join(map(str, [job.model.nin, *(layer.nout for layer in job.model.layers)]))
    return [
        f"data      {shorten(data.name, 60)}: {counted(len(job), 'sample')} of "
        f"{counted(len(data.features), 'input')}, {kind}; {parts}",
        f"network   {sizes}, {settings.activation}, {len(job.model.parameters()):,} weights and biases",
        f"training  {settings.loss}, {settings.optimizer} at a rate of {number(settings.lr)}, batches of "
        f"{min(settings.batch, len(job.train))}, {counted(settings.epochs, 'epoch')}{done}, "
        f"seed {settings.seed}",
        *([f"columns   {line}" for line in data.plan.lines()] if data.plan else []),
        *([f"note      {line}" for line in data.plan.notes] if data.plan else []),
        *[f"note      {note}" for note in notes[:MOST_NOTES]],
        *([f"note      … and {len(notes) - MOST_NOTES} more like these"] if len(notes) > MOST_NOTES else []),
    ]


def _outcome(result: Result) -> list[str]:
    """Return the lines about how the training ended."""
    from nn.command.report.verdict import verdict
    from nn.command.report.words import notice, score_words, seconds

    job, history = result.job, result.history
    note = notice(history, job.settings.epochs)
    lines = [f"note      {note}"] if note else []
    for name, part in (("training", job.train), ("held out", job.held_out)):
        if len(part):
            scores = ", ".join(f"{what} {text}" for what, text in score_words(result.scores(part)))
            lines.append(f"{name}  {scores}")
    if told := verdict(result):
        lines.append(f"verdict   {told}")
    why = f" ({history.engine_note})" if history.engine_note else ""
    lines.append(
        f"time      {seconds(result.seconds)} for {counted(len(history), 'epoch')}, "
        f"{history.engine} engine{why}"
    )
    return lines


# ----------------------------------------------------------------------------------- the options


def _parser() -> argparse.ArgumentParser:
    parser = OneLineParser(prog="python -m nn", description=ABOUT)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    command = commands.add_parser(
        "train", help="train a network and report on it", description=TRAIN, epilog=EXAMPLES
    )
    _add_data(command, ", ".join([*NAMED, *FOLDERS, *texts.NAMED]))
    for title, options in OPTIONS.items():
        group = command.add_argument_group(title)
        for flag, metavar, kind, about in options:
            group.add_argument(flag, metavar=metavar, type=kind, help=about)
    command.set_defaults(weights="", run=train)
    command = commands.add_parser(
        "search", help="try many settings and train the best", description=searching.ABOUT
    )
    _add_data(command, ", ".join([*NAMED, *FOLDERS]))
    for title, options in OPTIONS.items():
        if title == LANGUAGE:
            break
        group = command.add_argument_group(title)
        for flag, metavar, kind, about in options:
            one = flag.removeprefix("--").replace("-", "_") not in SEARCHED
            group.add_argument(flag, metavar=metavar, type=kind, help=about, nargs=None if one else "+")
    group = command.add_argument_group("the search")
    for flag, metavar, kind, about in SEARCH:
        group.add_argument(flag, metavar=metavar, type=kind, help=about)
    clusters = group.add_mutually_exclusive_group()
    for flag, about in CLUSTERS.items():
        about = f"run on {about}; without an address, on one of --workers here"
        clusters.add_argument(flag, metavar="ADDRESS", nargs="?", const="", help=about)
    command.set_defaults(run=search)
    command = commands.add_parser(
        "predict", help="predict the rows of a table with a saved network", description=PREDICT
    )
    command.add_argument(
        "model", metavar="MODEL", type=Path, help="what train --save, or a report, has written"
    )
    command.add_argument("table", metavar="TABLE", help="the path of a table; - is standard input")
    command.set_defaults(run=predict)
    return parser


def _add_data(command: argparse.ArgumentParser, names: str) -> None:
    about = f"{names}, or the path of a table; - is standard input"
    command.add_argument("data", metavar="DATA", help=about)
    where = "where the files of mnist or idx are; the file of text"
    command.add_argument("--data", metavar="FOLDER", dest="folder", type=Path, help=where)
    command.add_argument("--target", metavar="COLUMN", help="the column of a table that is to be learned")


def _reader(kind: Callable[[str], Any], wanted: str, is_good: Callable[[Any], bool]) -> Callable[[str], Any]:
    """Return what reads an option's text as a number, or refuses it with what is wanted."""

    def read(text: str) -> Any:
        try:
            x = kind(text)
        except ValueError:
            x = nan
        if not is_good(x):
            raise argparse.ArgumentTypeError(f"{wanted} is wanted; got {text!r}")
        return x

    return read


COUNT = _reader(int, "a whole number from 1 up", lambda n: n >= 1)
SEED = _reader(int, "a whole number from 0 up", lambda n: n >= 0)
SHARE = _reader(float, "a number from 0 up and below 1", lambda x: 0 <= x < 1)
RATE = _reader(float, "a number above 0", lambda x: 0 < x < inf)
FACTOR = _reader(float, "a number from 0 up", lambda x: 0 <= x < inf)


def _names_of_columns(text: str) -> tuple[str, ...]:
    """Return the names in one line of CSV: quotes hold those with a comma together."""
    return tuple(name.strip() for name in next(csv.reader([text], skipinitialspace=True), ()))


def _layers(text: str) -> tuple[int, ...]:
    if text.strip().lower() in ("", "none"):
        return ()
    return tuple(COUNT(size) for size in text.split(","))


LANGUAGE = "a language model, for names and text"
"""The group of options that only a language model has."""

OPTIONS: dict[str, list[tuple[str, str, Callable[[str], Any], str]]] = {
    "the table (defaults suit its columns)": [
        ("--task", "NAME", str, f"{' or '.join(TASKS)}, where the target does not say it"),
        ("--columns", "NAMES", _names_of_columns, 'the columns to learn from, as in "age,height"'),
        ("--drop", "NAMES", _names_of_columns, "the columns to leave out"),
        ("--missing", "HOW", str,
         "what becomes of missing cells (mean): "
         + "; ".join(f"{how}, {words}" for how, words in MISSING.items())),
        ("--classes", "NAMES", _names_of_columns,
         'the names of the classes in their order, also such as "NA" and "none"'),
    ],
    "the network (defaults suit the data)": [
        ("--layers", "SIZES", _layers, 'neurons of the hidden layers, as in "32,16"; or none'),
        ("--activation", "NAME", str, f"that of the hidden layers: {', '.join(ACTIVATIONS)}"),
        ("--dropout", "SHARE", SHARE,
         "the share of the hidden layers' outputs that is left out at random in training (0)"),
    ],
    "the training (defaults suit the data)": [
        ("--loss", "NAME", str, ", ".join(LOSSES)),
        ("--optimizer", "NAME", str, ", ".join(OPTIMIZERS)),
        ("--lr", "RATE", RATE, "the learning rate"),
        ("--schedule", "NAME", str, f"how the rate changes from epoch to epoch: {', '.join(SCHEDULES)}"),
        ("--epochs", "N", COUNT, "how many times all samples are seen"),
        ("--batch", "N", COUNT, "how many samples a step averages over"),
        ("--l2", "FACTOR", FACTOR,
         "the factor of the sum of squared weights, added to the loss, so that what is learned carries over "
         "to other samples (of a table 1.5 divided by the samples, for classes 0.1; of pictures 0)"),
        ("--held-out", "SHARE", SHARE,
         "the share of the samples kept to judge by (0.2; of four samples none; mnist has its own)"),
        ("--keep", "NAME", str,
         "which weights are kept: " + "; ".join(f"{which}, those {words}" for which, words in KEPT.items())
         + " (of a table best; of pictures last)"),
        ("--progress", "HOW", str,
         "; ".join(f"{how}, {words}" for how, words in PROGRESS.items())
         + " (bar on a terminal, else lines)"),
        ("--seed", "N", SEED, "decides the starting weights, the order and what is held out (0)"),
        ("--engine", "NAME", str, f"what computes: {', '.join(ENGINES)} (auto)"),
        ("--dtype", "NAME", str, f"how precisely the tape computes: {', '.join(PRECISIONS)} (float64)"),
        ("--threads", "N", COUNT, "over how many threads the tape spreads the samples of a step (1)"),
    ],
    LANGUAGE: [
        ("--tokens", "NAME", str, f"what a token is: {', '.join(texts.TOKENIZERS)} (characters)"),
        ("--by", "NAME", str, f"what a document of a file is: {', '.join(texts.CUTS)} (what suits the file)"),
        ("--width", "N", COUNT, "the length of a row (16)"),
        ("--heads", "N", COUNT, "the heads of each attention (4)"),
        ("--blocks", "N", COUNT, "the number of blocks (1)"),
        ("--context", "N", COUNT, "the greatest number of tokens of a document (16)"),
    ],
    "saving and continuing": [
        ("--save", "FILE", Path,
         "keep the network and the state of its training there, after each epoch (safetensors)"),
        ("--resume", "FILE", Path,
         "continue a training that was saved, up to --epochs in all, as if it had never stopped"),
    ],
    "the report": [
        ("--report", "FOLDER", Path,
         "where it is written; an earlier report there is replaced (report; a network of more than "
         f"{MOST_DRAWN:,} weights is reported on only if this is given: that takes longer than training it)"),
        ("--weights", "NAMES", str,
         'whose gradient paths are drawn, as in "w11^1,w21^3"; by default all weights of a small '
         "network, of a large one those with the largest gradients"),
    ],
}  # fmt: skip
"""The options by group: flag, what stands for its value, what reads it, and help.  Those of the first three
groups are fields of `Options` and `Settings`, those of the fourth of `TextSettings`."""

SEARCH: list[tuple[str, str, Callable[[str], Any], str]] = [
    ("--search", "NAME", str, f"how combinations are chosen: {', '.join(searching.WAYS)} (grid)"),
    ("--tries", "N", COUNT, f"how many combinations a random search tries ({searching.TRIES})"),
    ("--folds", "N", COUNT, f"on how many parts of the data each setting is judged ({searching.FOLDS})"),
    ("--workers", "N", COUNT, "how many trainings run at once (as many as there are processors)"),
    ("--out", "FOLDER", Path, "where the results are written (search)"),
]
CLUSTERS = {
    "--dask": "the Dask cluster with this scheduler",
    "--ray": "the Ray cluster with this head node, where the package ray is installed",
}
