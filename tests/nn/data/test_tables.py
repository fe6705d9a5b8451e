"""Tables from arrays, frames and CSV files: how their columns are read, and what is refused."""

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.data import from_arrays, from_csv, from_frame, load


@pytest.fixture
def write(tmp_path):
    def write(text: str | bytes, name: str = "table.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return write


def table(header: str, *rows: str) -> str:
    return "\n".join([header, *rows]) + "\n"


GOOD = ("1,2,yes", "3,4,no", "5,6,yes", "7,8,no")


# ------------------------------------------------------------------------------ tables in memory

TABLE = {"a": [1.5, 2.0, -3.0, 4.25], "b": [5, 6, 7, 9], "c": ["yes", "no", "yes", "no"]}


def test_a_pandas_frame_is_read_as_the_csv_file_of_it(tmp_path):
    frame = pd.DataFrame(TABLE)
    frame.to_csv(tmp_path / "table.csv", index=False)
    assert from_frame(frame, "c", name="table") == from_csv(tmp_path / "table.csv", "c")


def test_arrays_are_taken_with_their_names_if_they_have_any():
    frame = pd.DataFrame(TABLE)
    data = from_arrays(frame[["a", "b"]], frame["c"])
    assert (data.features, data.target, data.classes, data.y) == (
        ("a", "b"),
        "c",
        ("no", "yes"),
        [1, 0, 1, 0],
    )
    bare = from_arrays(frame[["a", "b"]].to_numpy(), [0.5, 1.5, 2.5, 3.75])
    assert (bare.features, bare.target, bare.classes, bare.y) == (
        ("x1", "x2"),
        "target",
        None,
        [0.5, 1.5, 2.5, 3.75],
    )


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: from_frame(TABLE, "c"), TypeError, "takes a pandas frame; got dict"),
        (lambda: from_frame(pd.DataFrame(TABLE), "d"), ValueError, "there is no column 'd'"),
        (
            lambda: from_frame(pd.DataFrame({**TABLE, "b": [1, None, 2, 3]}), "c"),
            ValueError,
            "row 2, column 'b' is",
        ),
        (lambda: from_frame(pd.DataFrame(TABLE)[:2], "c"), ValueError, "2 rows are too few"),
        (lambda: from_frame(pd.DataFrame(TABLE)[["c"]], "c"), ValueError, "'c' is the only column"),
        (lambda: from_arrays(np.zeros((4, 2)), [0, 1, 0]), ValueError, "X has 4 rows, but y has 3"),
        (lambda: from_arrays([[1.0, float("nan")]] * 4, [0, 1] * 2), ValueError, "row 0, column 1 of X"),
        (
            lambda: from_arrays([[1.0]] * 4, [0, 1, float("nan"), 1]),
            ValueError,
            "row 3, column 'target' is missing",
        ),
        (lambda: from_arrays([[1.0]] * 4, [5.0] * 4), ValueError, r"'target' is 5\.0 in every row"),
    ],
)
def test_a_bad_table_is_refused_with_its_place(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_a_file_without_a_target_is_met_with_its_columns(write):
    with pytest.raises(ValueError, match="Name one as the target: a, b, c"):
        load(write(table("a,b,c", *GOOD)))


# ------------------------------------------------------------------------- what a file may hold


def test_text_as_target_names_classes_in_alphabetical_order(write):
    data = from_csv(write(table("a,b,c", *GOOD)), "c")
    assert data.classes == ("no", "yes")
    assert data.y == [1, 0, 1, 0]
    assert data.X == [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]]
    assert (data.features, data.target, data.name) == (("a", "b"), "c", "table")


def test_a_few_repeated_whole_numbers_are_classes_in_numerical_order(write):
    data = from_csv(write(table("a,c", "1,10", "2,2.0", "3,10.0", "4,2")), "c")
    assert data.classes == ("2", "10")
    assert data.y == [1, 0, 1, 0]


@pytest.mark.parametrize("targets", [(1, 2, 3, 4), (0.5, 1, 0.5, 1), tuple(range(21)) * 2])
def test_other_numbers_are_a_regression(write, targets):
    data = from_csv(write(table("a,c", *(f"{i},{c}" for i, c in enumerate(targets)))), "c")
    assert (data.task, data.classes) == ("regression", None)
    assert data.y == list(targets)


def test_the_target_may_stand_in_any_column(write):
    data = from_csv(write(table("c,a", "yes,1", "no,2", "yes,3", "no,4")), "c")
    assert data.X == [[1.0], [2.0], [3.0], [4.0]]


def test_a_text_feature_of_few_values_becomes_one_column_a_value(write):
    data = from_csv(write(table("colour,y", "red,1.5", "blue,2.5", "red,3.5", "blue,4.5")), "y")
    assert data.features == ("colour=blue", "colour=red")
    assert data.X == [[0.0, 1.0], [1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_cells_may_be_separated_by_commas_semicolons_or_tabs(write, delimiter):
    text = table("a,b,c", *GOOD).replace(",", delimiter)
    assert from_csv(write(text), "c").features == ("a", "b")


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_any_line_ending_a_byte_order_mark_and_blank_lines_are_read(write, newline):
    text = "\ufeff" + table("a,b,c", *GOOD, "", "").replace("\n", newline)
    assert len(from_csv(write(text), "c")) == 4


@given(
    st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="\0\ufeff"), min_size=1),
        min_size=2,
        max_size=4,
    )
)
def test_any_quoted_header_comes_back_as_it_was(tmp_path_factory, names):
    path = tmp_path_factory.mktemp("headers") / "table.csv"
    wanted = [f"<{name.strip()}>{i}" for i, name in enumerate(names)]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(wanted)
        writer.writerows([[i + j + 0.5 for j in range(len(wanted))] for i in range(4)])
    data = from_csv(path, wanted[-1])
    assert [*data.features, data.target] == wanted


# ---------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        ("\n\n", "the file is empty"),
        (table("a,b,c"), "0 rows are too few"),
        (table("a,b,c", *GOOD[:3]), "3 rows are too few"),
        (table("a,b,a", *GOOD), "2 columns are called 'a'"),
        (table("a,,c", *GOOD), "column 2 has no name"),
        (table("1,2,3", *GOOD), "the first line holds numbers"),
        (table("c", "1", "2", "1", "2"), "'c' is the only column"),
        (table("a,b,C", *GOOD), "there is no column 'c'; did you mean 'C'"),
        (table("a,b,c", *GOOD, "1,2"), "line 6 has 2 cells, the header has 3"),
        (table("a,b,c", *GOOD, "1,,yes"), r"row 5 \(line 6\), column 'b' is missing"),
        (table("a,b,c", *GOOD, "1,NaN,yes"), r"row 5 \(line 6\), column 'b' is missing"),
        (table("a,b,c", *GOOD, "1,2, "), r"row 5 \(line 6\), column 'c' is missing"),
        (table("a,b,c", "inf,2,yes", *GOOD), r"row 1 \(line 2\), column 'a': inf is not a finite"),
        (table("a,b,c", "1e999,2,yes", *GOOD), r"row 1 \(line 2\), column 'a': 1e999 is not a finite"),
        (table("a,c", "1,5", "2,5", "3,5", "4,5"), "the target column 'c' is 5 in every row"),
        (table("a,c", "1,A", "2,A", "3,A", "4,A"), "the target column 'c' is A in every row"),
        (table("a,c", "1,Ann", "2,Bob", "3,Eve", "4,Joe"), "'c' is text with 4 distinct values in 4 rows"),
        (
            table("n,c", "Ann,1", "Bob,2", "Eve,1", "Joe,2"),
            r"'n' is text \('Ann' in row 1 \(line 2\), …\) with 4",
        ),
        (table("n,c", "1_000,1", "2,2", "3,1", "4,2"), r"'n' is text \('1_000' in row 1 \(line 2\), …\)"),
        (table("a,b,c", '1,"2,yes', *GOOD), "line 6: unexpected end of data"),
        (b"a,b,c\n\xe9,1,2\n", "not UTF-8 text .byte 0xe9 at offset 6"),
        (table("a,b,c", *GOOD).encode("utf-16"), "not UTF-8 text"),
        (b"PK\x03\x04\x00\x00", "not a text file"),
    ],
)
def test_a_bad_file_is_refused_in_one_line_that_names_the_place(write, text, message):
    path = write(text)
    with pytest.raises(ValueError, match=message) as refused:
        from_csv(path, "c")
    assert str(refused.value).startswith(str(path))
    assert "\n" not in str(refused.value)
