"""PyTorch's op database: the value, gradient and second derivative of every op we share."""

from __future__ import annotations

from collections import Counter
from itertools import islice

import pytest

from tests.op_comparison import DIFFERENCES, Compared, compared, database, samples
from tests.op_database import OURS
from tests.others import TESTED, agree
from tests.thorough import ALL

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NumPy's, of plain numbers beyond a border


def comparisons(references: bool, largest: int, how_many: int | None) -> tuple[int, list[Compared]]:
    """How many numbers were compared, and those that are not the same."""
    count, found = 0, []
    for entry in database():
        for sample in islice(samples(entry, references, largest), how_many):
            for c in compared(entry, sample):
                count += 1
                if not agree(c.ours, c.theirs):
                    found.append(c)
    return count, found


def told(found: list[Compared]) -> dict[str, Compared]:
    """The first of each op."""
    return {c.op: c for c in reversed(found)}


def test_every_shared_op_is_in_the_database() -> None:
    assert {entry.name for entry in database()} == set(OURS)
    assert set(DIFFERENCES) <= set(OURS)


def test_samples_of_every_shared_op_agree() -> None:
    count, found = comparisons(references=False, largest=1000 if ALL else 30, how_many=None if ALL else 2)
    assert count > (100_000 if ALL else 3_000)
    assert told([c for c in found if c.is_ours_wrong()]) == {}
    assert told([c for c in found if not c.is_rounding()]) == {}


@pytest.mark.skipif(not ALL, reason="with --hypothesis-profile=thorough")
def test_references_agree_but_for_the_listed_differences() -> None:
    import torch

    count, found = comparisons(references=True, largest=700, how_many=None)
    assert count > 500_000
    assert told([c for c in found if c.is_ours_wrong() and c.op not in DIFFERENCES]) == {}
    differing = Counter(c.op for c in found if not c.is_rounding())
    assert set(differing) <= set(DIFFERENCES), told([c for c in found if c.op not in DIFFERENCES])
    if torch.__version__.startswith(TESTED["PyTorch"]):  # the list is of that version
        assert set(differing) == set(DIFFERENCES)
