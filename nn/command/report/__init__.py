"""The report of a training: one folder with its pages, drawings, the weights and the history.

>>> from nn.command.job import prepare
>>> from nn.command.run import run
>>> from nn.command.settings import default_settings
>>> from nn.data import load
>>> data = load("xor")
>>> result = run(prepare(data, default_settings(data)))
>>> import tempfile
>>> with tempfile.TemporaryDirectory() as folder:
...     write_report(result, folder + "/report").name
'index.html'
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from autograd import Parameter
from nn.command.report.folder import HISTORY, INDEX, WEIGHTS, check_folder, staged
from nn.command.result import Result
from nn.training.history import History

if TYPE_CHECKING:
    from nn.command.report.texts import Told

__all__ = ["check_folder", "write_report", "write_text_report"]


def write_report(result: Result, folder: str | PathLike[str], weights: Sequence[Parameter] = ()) -> Path:
    """Write the report; the folder appears whole or not at all.

    Args:
        result: the trained network.
        folder: where it is written; an earlier report there is replaced.
        weights: the weights whose gradient paths are drawn; by default all of a small network, and
            those with the largest gradients of a larger one.

    Returns:
        The path of the page, ``index.html``.

    Raises:
        OSError: if the folder holds anything but a report, or cannot be written.
        ImportError: if a package of the extra ``train`` is missing.
    """
    from nn.command.report.page import render  # with the plots' library, which takes its time

    return _written(folder, lambda: render(result, weights), result.history, result.job.save)


def write_text_report(
    told: Told, folder: str | PathLike[str], save: Callable[[Path], object]
) -> Path:  # fmt: skip
    """Write the report of a language model; see `write_report`.

    Args:
        told: all that it is made of.
        folder: where it is written.
        save: writes the model to a file.
    """
    from nn.command.report.texts import render

    return _written(folder, lambda: render(told), told.history, save)


def _written(
    folder: str | PathLike[str], render: Callable[[], tuple[str, dict[str, str]]], history: History,
    save: Callable[[Path], object],
) -> Path:  # fmt: skip
    place = Path(folder)
    with staged(place) as fresh:
        page, files = render()
        (fresh / INDEX).write_text(page, encoding="utf-8")
        history.to_csv(fresh / HISTORY)
        save(fresh / WEIGHTS)
        for name, text in files.items():
            (fresh / name).parent.mkdir(exist_ok=True)
            (fresh / name).write_text(text, encoding="utf-8")
    return place / INDEX
