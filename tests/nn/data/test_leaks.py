"""Columns that give the target away are named, whatever their scale, and others are not."""

import numpy as np
import pandas as pd
import pytest
from sklearn import datasets

from nn.data import from_arrays, from_frame

ROWS = 60
PEOPLE = pd.DataFrame(
    {
        "x": [i * 37 % 61 + 0.25 for i in range(ROWS)],
        "cm": [150.5 + i * 17 % 53 for i in range(ROWS)],
        "city": [["Graz", "Linz", "Wien", "Bern"][i * 7 % 4] for i in range(ROWS)],
        "zip": [10000 + i * 7919 % 80000 for i in range(ROWS)],
    }
)
PEOPLE = PEOPLE.assign(
    inches=(PEOPLE["cm"] / 2.54).round(1),
    log=np.log(PEOPLE["cm"]).round(4),
    area=PEOPLE["cm"] ** 2,
    per=1 / PEOPLE["cm"],
    country=PEOPLE["city"].map({"Graz": "A", "Linz": "A", "Wien": "A", "Bern": "CH"}),
    code=PEOPLE["city"].map({"Graz": 7, "Linz": 8, "Wien": 9, "Bern": 4}),
    tall=np.where(PEOPLE["cm"] > 170, "yes", "no"),
)


@pytest.mark.parametrize(
    ("column", "target"),
    [
        ("inches", "cm"), ("cm", "inches"), ("log", "cm"), ("cm", "log"), ("area", "cm"), ("per", "cm"),
        ("cm", "per"), ("code", "city"), ("city", "code"), ("city", "country"), ("cm", "tall"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("gaps", [0, 3])
def test_a_column_that_gives_the_target_away_is_named(column, target, gaps):
    frame = PEOPLE[["x", column, target]].copy()
    frame[column] = frame[column].mask(frame.index < gaps)
    said = from_frame(frame, target).plan.notes
    assert [note.partition(": ")[0] for note in said if "away" in note] == [f"{column} gives {target} away"]
    assert not [note for note in from_frame(frame[["x", target]], target).plan.notes if "away" in note]


def test_a_whole_number_that_differs_in_each_row_is_named():
    (said,) = from_frame(PEOPLE[["x", "zip", "cm"]], "cm").plan.notes
    assert said.startswith("zip: a whole number that differs in each row")


def test_of_well_known_tables_none_is_said_to_give_its_target_away():
    for name in ("iris", "wine", "breast_cancer", "diabetes"):
        found = getattr(datasets, f"load_{name}")(as_frame=True)
        assert from_arrays(found.data, found.target, task=None).plan.notes[:1] in (
            (), (f"target has {found.target.nunique()} whole numbers, which are learned as classes; "
                 "--task regression learns them as numbers",),
        )  # fmt: skip
