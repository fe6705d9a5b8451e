"""Tables from arrays, frames and CSV files: how their columns are read, and what is refused."""

import bz2
import csv
import gzip
import io
import lzma
import sys
import zipfile
from dataclasses import replace
from unittest.mock import ANY

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.data import from_arrays, from_csv, from_frame, load
from nn.data.table_files import read_table


def table(header: str, *rows: str) -> str:
    return "\n".join([header, *rows]) + "\n"


def zipped(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


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
            lambda: from_frame(pd.DataFrame({**TABLE, "b": [1, None, 2, 3]}), "c", missing="refuse"),
            ValueError,
            "row 2, column 'b' is missing",
        ),
        (lambda: from_frame(pd.DataFrame(TABLE)[:2], "c"), ValueError, "2 rows are too few"),
        (lambda: from_frame(pd.DataFrame(TABLE)[["c"]], "c"), ValueError, "'c' is the only column"),
        (lambda: from_arrays(np.zeros((4, 2)), [0, 1, 0]), ValueError, "X has 4 rows, but y has 3"),
        (
            lambda: from_arrays([[1.0, float("inf")], [2.0, 1.0]] * 2, [0, 1] * 2),
            ValueError,
            "row 1, column 'x2': inf",
        ),
        (lambda: from_arrays([[1.0]] * 4, [5.0] * 4), ValueError, "no column is left to learn from"),
        (lambda: from_arrays([[1.0], [3.0]] * 2, [5.0] * 4), ValueError, "'target' is 5 in every row"),
        (
            lambda: from_frame(pd.DataFrame(TABLE), "c", drop=["A"]),
            ValueError,
            "no column 'A'; did you mean 'a'",
        ),
        (
            lambda: from_frame(pd.DataFrame(TABLE), "c", task="regression"),
            ValueError,
            "'yes' is not a number",
        ),
        (
            lambda: from_frame(pd.DataFrame(TABLE), "c", classes=["yes"]),
            ValueError,
            "row 2: the target 'c' is 'no'",
        ),
        (lambda: from_frame(pd.DataFrame(TABLE), "c", missing="skip"), ValueError, "unknown missing 'skip'"),
        (lambda: from_frame(pd.DataFrame(TABLE), "c", drop="a"), TypeError, "drop is a list of names; got"),
        (lambda: from_arrays(np.zeros((4, 2)), 3), ValueError, "X is a table .* and y one column"),
    ],
)
def test_a_bad_table_is_refused_with_its_place(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_a_file_without_a_target_is_met_with_its_columns(write):
    with pytest.raises(ValueError, match=r"Name one as the target \(--target\): a, b, c"):
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


PLAIN = table("a,b,c", *GOOD).encode()


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(PLAIN, mtime=0),
        bz2.compress(PLAIN),
        lzma.compress(PLAIN),
        zipped({"inside.csv": PLAIN}),
        PLAIN.decode().encode("utf-16"),
        PLAIN.decode().encode("utf-8-sig"),
        PLAIN.replace(b"\n", b",\n"),
        b"# made by hand\n#\n\n" + PLAIN,
        b"sep=;\n" + PLAIN.replace(b",", b";"),
        PLAIN.replace(b",", b"|"),
        PLAIN.replace(b",", b"   "),
        b" " + PLAIN.replace(b",", b"  ").replace(b"\n", b"  \n "),
        PLAIN + b",,\n",
    ],
)
def test_a_table_may_be_packed_written_and_separated_in_many_ways(write, content):
    assert from_csv(write(content), "c") == replace(from_csv(write(PLAIN), "c"), plan=ANY)


def test_standard_input_is_a_file_too(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(PLAIN)))
    assert from_csv("-", "c").X == [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]]


def test_what_is_not_utf_8_is_read_as_latin_1_and_said(write):
    data = from_csv(write(table("größe,c", "1,a", "3,b", "4,a", "2,b").encode("latin-1")), "c")
    assert data.features == ("größe",)
    assert data.plan.notes == ("not UTF-8 (byte 0xf6 at offset 2): read as Latin-1",)


def test_delimiters_between_quotes_do_not_count(write):
    assert from_csv(write('"size (w, h, d)";y\n1;0.5\n3;2.5\n2;3.5\n5;1.5\n'), "y").features == (
        "size (w, h, d)",
    )


# ------------------------------------------------------------------- what a column is learned as

FLOWERS = [(round(1 + 0.37 * (i * 7 % 10), 2), "ab"[i % 2]) for i in range(10)]


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("", range(1, 11)),
        ("", [f"car {i * 7 % 10}" for i in range(10)]),
        ("Unnamed: 0", range(10)),
        ("id", range(1, 11)),
        ("id", [1000 + i * 7 % 10 for i in range(10)]),
        ("patient_id", [1000 + i * 7 % 10 for i in range(10)]),
        ("name", [f"Ann {i}" for i in range(10)]),
        ("same", [5] * 10),
        ("never", ["NA"] * 10),
        ("customerID", [1000 + i * 7 % 10 for i in range(10)]),
        ("many", ["abcdefgh"[i % 8] for i in range(10)]),
    ],
)
def test_what_numbers_or_names_the_rows_or_never_changes_is_left_out_and_said(write, name, cells):
    rows = [f"{cell},{x},{c}" for cell, (x, c) in zip(cells, FLOWERS, strict=True)]
    for at_first in (True, False):
        data = from_csv(write(table(f'"{name}",petal,c', *rows)), "c")
        assert data.features == ("petal",)
        assert [(c.name, c.kind) for c in data.plan.columns] == [(name, "left out"), ("petal", "number")]
        assert any(line.startswith(f"{name or '(no name)'}: left out") for line in data.plan.lines())
        if not at_first or not name:
            break


def test_the_names_of_rows_as_r_writes_them_are_left_out(write):
    rows = [f'"{i}" {x} "{c}"' for i, (x, c) in enumerate(FLOWERS, start=1)]
    data = from_csv(write(table('"petal" "c"', *rows)), "c")
    assert (data.features, data.classes) == (("petal",), ("a", "b"))


def test_a_count_of_the_rows_is_kept_if_nothing_else_is_there_or_it_is_asked_for(write):
    rows = [f"{i},{x},{c}" for i, (x, c) in enumerate(FLOWERS)]
    path = write(table("t,petal,c", *rows))
    assert from_csv(path, "c", drop=["petal"]).features == ("t",)
    assert from_csv(path, "c", columns=["t"]).features == ("t",)
    assert from_csv(path, "c", columns=["petal", "t"]).features == ("t", "petal")


@pytest.mark.parametrize("gap", ["?", "-", "NA", "<NA>", "#N/A", "", " ", "nan", "NULL", "none"])
def test_a_missing_number_is_filled_marked_dropped_or_refused_and_counted(write, gap):
    path = write(table("x,z,c", "1,9,a", f"{gap},8,b", "5,7,a", "6,5,b", "8,1,a", "0,2,b"))
    filled = from_csv(path, "c")
    assert (filled.X[1], filled.features) == ([4.0, 8.0], ("x", "z"))
    assert filled.plan.notes == ("1 missing cell (x 1): the column's mean, or none of its categories",)
    marked = from_csv(path, "c", missing="mark")
    assert (marked.features, marked.X[:2]) == (("x", "x missing", "z"), [[1.0, 0.0, 9.0], [4.0, 1.0, 8.0]])
    dropped = from_csv(path, "c", missing="drop")
    assert (len(dropped), dropped.y) == (5, [0, 0, 1, 0, 1])
    assert dropped.plan.notes == ("1 row with missing cells left out",)
    with pytest.raises(ValueError, match="row 2, column 'x' is missing"):
        from_csv(path, "c", missing="refuse")


@pytest.mark.parametrize("name", ["smoking_no", "price_index", "idea"])
def test_a_number_that_differs_in_every_row_is_learned_from_unless_its_name_says_that_it_is_an_id(
    write, name
):
    rows = [f"{1000 + i * 7 % 10},{x},{c}" for i, (x, c) in enumerate(FLOWERS)]
    assert from_csv(write(table(f"{name},petal,c", *rows)), "c").features == (name, "petal")


def test_rows_without_a_target_are_left_out_and_counted(write):
    data = from_csv(write(table("x,y", *[f"{i * i},{'?' if i == 3 else i % 6}" for i in range(18)])), "y")
    assert (len(data), data.classes) == (17, tuple("012345"))
    assert data.plan.notes[0] == "1 row left out, whose y is missing"
    assert "--task regression learns them as numbers" in data.plan.notes[1]


def test_a_class_may_be_called_none_or_na(write):
    rows = ["1,none", "4,mild", "2,none", "5,mild"]
    assert from_csv(write(table("x,c", *rows)), "c").classes == ("mild", "none")
    rows = ['1,"NA"', '4,"EU"', '2,"NA"', '5,"EU"', "7,NA"]
    assert (from_csv(write(table("x,c", *rows)), "c").classes, len(rows)) == (("EU", "NA"), 5)
    bare = table("x,c", *(row.replace('"', "") for row in rows))
    data = from_csv(write(bare), "c", classes=["NA", "EU"])
    assert (data.classes, data.y) == (("NA", "EU"), [0, 1, 0, 1, 0])
    with pytest.raises(ValueError, match=r"EU in every row but the 3 that read as missing; .* \(--classes\)"):
        from_csv(write(table("x,c", "1,NA", "4,EU", "2,NA", "5,EU", "7,NA", "8,EU", "9,EU")), "c")


def test_the_task_can_be_chosen(write):
    path = write(table("x,y", *[f"{i * i},{i % 3 + 3}" for i in range(12)]))
    assert from_csv(path, "y").classes == ("3", "4", "5")
    assert from_csv(path, "y", task="regression").y[:3] == [3.0, 4.0, 5.0]
    halves = write(table("x,y", *[f"{i * i},{i % 3 / 2}" for i in range(12)]))
    assert from_csv(halves, "y", task="classification").classes == ("0.0", "0.5", "1.0")


def test_frames_of_every_kind_follow_the_same_rules():
    frame = pd.DataFrame(
        {
            0: pd.array([1, None, 4, 3], dtype="Int64"),
            1: pd.Categorical([7, 8, 7, 8]),
            2: pd.array([True, None, False, True], dtype="boolean"),
            3: pd.to_datetime(["1970-01-02", "1970-01-05", "1970-01-04", "1970-01-03"]),
            5: ["yes", "no", "yes", "no"],
        }
    )
    data = from_frame(frame, 5)
    assert data.features == ("0", "1=7", "1=8", "2", "3")
    assert data.X[:2] == [[1.0, 1.0, 0.0, 1.0, 1.0], [8 / 3, 0.0, 1.0, 2 / 3, 4.0]]
    column = np.array([["[0]"], ["b"]] * 2)
    assert from_arrays([[1.0], [3.0]] * 2, column).classes == ("[0]", "b")
    assert from_arrays([[1.0], [3.0]] * 2, pd.DataFrame({"goal": [0.5, 1, 2, 3]})).target == "goal"
    assert from_frame(frame, 5, drop=[0, 1]) == from_frame(frame, 5, columns=[2, 3])
    assert from_frame(frame, 1, columns=[2], classes=[8, 7]).classes == ("8", "7")


def test_without_pandas_the_way_to_it_is_told(write, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r'a table needs pandas: pip install "chainrule\[data\]"'):
        from_csv(write(PLAIN), "c")


def test_without_a_reader_of_parquet_the_way_to_one_is_told_in_a_line(write, monkeypatch):
    for name in ("pyarrow", "fastparquet"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match=r"^a parquet table needs a package .* pip install pyarrow$"):
        read_table(write(b"PAR1", "t.parquet"))


# ---------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        ("\n\n", "the file is empty"),
        (table("a,b,c"), "0 rows are too few"),
        (table("a,b,c", *GOOD[:3]), "3 rows are too few"),
        (table("a,b,a", *GOOD), "2 columns are called 'a'"),
        (table("1,2,3", *GOOD), "the first line holds numbers"),
        (table("c", "1", "2", "1", "2"), "'c' is the only column"),
        (table("a,b,C", *GOOD), "there is no column 'c'; did you mean 'C'"),
        (table("a,b,c", *GOOD, "1,2,no,4"), "line 6 has 4 cells where 3 are expected"),
        (table("a,b,c", "", *GOOD, ",,", "1,2,no,4"), "line 8 has 4 cells where 3 are expected"),
        (table("a,b", *GOOD[:2], "1,2,3,4"), "line 4 has 4 cells where 3 are expected"),
        (table("a", *GOOD), "the header line has 1 cells, and the rows have 3"),
        (table("a,c", *(f"{i}," for i in range(6))), "the target column 'c' is missing in every row"),
        (table("a,b,c", "inf,2,yes", *GOOD), r"row 1, column 'a': inf is not a finite"),
        (table("a,b,c", *GOOD, "1e999,2,yes"), r"row 5, column 'a': inf is not a finite"),
        (table("a,c", "1,5", "2,5", "3,5", "4,5"), "the target column 'c' is 5 in every row"),
        (table("a,c", "1,A", "2,A", "3,A", "4,A"), "the target column 'c' is A in every row"),
        (table("a,c", "1,Ann", "2,Bob", "3,Eve", "4,Joe"), "'c' is text with 4 distinct values in 4 rows"),
        (table("n,c", "Ann,1", "Bob,2", "Eve,1", "Joe,2"), "no column is left to learn from: n: left out"),
        (table("n,c", "1_000,1", "2,2", "3,1", "4,2"), "no column is left to learn from: n: left out"),
        (table("a,b,c", '1,"2,yes', *GOOD), "a quote is never closed that is opened in row 1"),
        (b"a,b,c\n1,\0,2\n", "not a text file: it holds zero bytes"),
        (b"PK\x03\x04\x00\x00", "it cannot be unpacked"),
        (gzip.compress(b"a,b,c", mtime=0)[:-9], "it cannot be unpacked"),
        (zipped({"[Content_Types].xml": b""}), "an office document"),
        (zipped({"a.csv": b"", "b.csv": b""}), "it holds 2 files"),
    ],
)
def test_a_bad_file_is_refused_in_one_line_that_names_the_place(write, text, message):
    path = write(text)
    with pytest.raises(ValueError, match=message) as refused:
        from_csv(path, "c")
    assert str(refused.value).startswith(str(path))
    assert "\n" not in str(refused.value)


ABOVE = ["", "Sales of 2020, all regions\n", "A report\n\nby the office\n", 'About:,"a, b, c,\n\nd, e, f"\n']


@pytest.mark.parametrize("above", ABOVE)
@pytest.mark.parametrize("header", ["a,b,c,y", "a,b,c,y,"])
@pytest.mark.parametrize("below", ["", '\n"1 - of all, or of some, or none"\nSource: the office'])
@pytest.mark.parametrize("count", [9, 900])
def test_prose_around_the_table_is_left_out_and_said(tmp_path, above, header, below, count):
    rows = "".join(f"{i},{i * i},{i % 3},{i / 2}\n" for i in range(count))
    (tmp_path / "t.csv").write_text(f"{above}{header}\n{rows}{below}")
    data = from_csv(tmp_path / "t.csv", "y", task="regression")
    assert (len(data), data.features) == (count, ("b", "c"))
    assert any(f"{above.count(chr(10))} line" in note for note in data.plan.notes) == bool(above)
    assert any("3 lines below the last row left out: '" in note for note in data.plan.notes) == bool(below)
    (tmp_path / "t.csv").write_text(f"{above}{header}\n{rows}1,x\n{rows}1,2,3,4,5,6\n{below}")
    with pytest.raises(ValueError, match=r"line|expected"):
        from_csv(tmp_path / "t.csv", "y", task="regression")


def test_a_header_without_a_name_for_the_rows_is_no_prose(tmp_path):
    (tmp_path / "t.csv").write_text("y\n" + "".join(f"r{i},{i / 2}\n" for i in range(9)))
    assert not any("above" in note for note in read_table(tmp_path / "t.csv")[1])


def test_points_are_thousands_where_commas_are_points(tmp_path):
    rows = "".join(f"{i}.{100 + i};{i},5;{i}\n" for i in range(1, 9))
    (tmp_path / "t.csv").write_text("size;part;y\n" + rows)
    frame, said = read_table(tmp_path / "t.csv")
    assert list(frame["size"])[:2] == ["1101", "2102"]
    assert any("thousands" in note for note in said)
    (tmp_path / "t.csv").write_text("size;part;y\n" + rows.replace(",", "."))
    assert next(iter(read_table(tmp_path / "t.csv")[0]["size"])) == "1.101"
