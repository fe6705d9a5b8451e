"""How the cells of a column are written, and what they are read as."""

import pytest

from nn.data import from_csv
from nn.data.table_files import read_table
from tests.nn.data.test_tables import FLOWERS, table


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        ("0,5 1,5 -2 3,25", [0.5, 1.5, -2.0, 3.25]),
        ("1.234,5 2 3 4", [1234.5, 2.0, 3.0, 4.0]),
        ("1,234,567 2 3.5 4,000", [1234567.0, 2.0, 3.5, 4000.0]),
        ("true FALSE False True", [1.0, 0.0, 0.0, 1.0]),
        ("2024-01-03 2024-01-01 2024-01-02 2024-02-01", [19725.0, 19723.0, 19724.0, 19754.0]),
        ("13/02/1970 02/01/1970 03/01/1970 04/01/1970", [43.0, 1.0, 2.0, 3.0]),
        ("1e3 +2 .5 7.", [1000.0, 2.0, 0.5, 7.0]),
        ("Jan-3-1970 Jan-1-1970 Feb-1-1970 Jan-2-1970", [2.0, 0.0, 31.0, 1.0]),
        (
            "1970-01-02T12:00:00Z 1970-01-01T00:00:00Z 1970-02-01T06:00Z 1970-01-03T00:00Z",
            [1.5, 0.0, 31.25, 2.0],
        ),
        ("1970-01-02T01:00:00+01:00 1970-01-02T02:00:00+02:00 1970-01-01 1970-01-03", [1.0, 1.0, 0.0, 2.0]),
        ("1182-03-01 1970-01-01 1969-12-31 2400-01-01", [-287752.0, 0.0, -1.0, 157054.0]),
        ("1970-02 1970-01 1970-12 1971-01", [31.0, 0.0, 334.0, 365.0]),
        ("1970_Q2 1970_Q1 1971_Q1 1970_Q2", [90.0, 0.0, 365.0, 90.0]),
        ("Feb_1970 Jan_1970 December_1970 Jan_1971", [31.0, 0.0, 334.0, 365.0]),
        ("12:00 06:00 23:15 00:00", [0.5, 0.25, 0.96875, 0.0]),
        ("1:12:00 36:00 2:24:00 7:12", [0.05, 0.025, 0.1, 0.005]),
        ("1_days_06:00:00 0_days_12:00:00 2_days_00:00:00 -1_days_+12:00:00", [1.25, 0.5, 2.0, -0.5]),
    ],
)
def test_numbers_dates_and_truths_are_read_as_they_are_written(write, cells, numbers):
    rows = [f"{cell.replace('_', ' ')};{y}" for cell, y in zip(cells.split(), "abab", strict=True)]
    assert [x for (x,) in from_csv(write(table("x;c", *rows)), "c").X] == numbers


WRITTEN = {
    "plain": "1 2.5 -3 1e2 0 7 8 9",
    "commas": "1,5 1,234 0,123 12,345 1.234,5 2 3,25 7,125",
    "thousands": "1,234 12 1,234,567 7.5 1,000.25 3 9 8",
    "truth": "true false TRUE False true true false true",
    "month first": "01/13/2020 01/02/2020 12/11/2020 02/03/2020 03/04/2020 04/05/2020 05/06/2020 06/07/2020",
    "day first": "13/01/2020 01/02/2020 12/11/2020 02/03/2020 03/04/2020 04/05/2020 05/06/2020 06/07/2020",
    "months": "1970Q1 1970Q2 1971Q4 1972Q1 1972Q2 1973Q3 1974Q4 1975Q1",
    "race": "59:30 1:02:30 58:00 1:00:00 57:30 2:10:05 59:59 12:30",
    "clock": "23:59 12:30 00:00 01:15 02:30 03:45 05:00 06:15",
    "numbered": "01 2a 01 2a 01 2a 01 2a",
    "truths and more": "true maybe false true maybe false true maybe",
    "years and more": "1,234 none-such 1,234 none-such 1,234 none-such 1,234 none-such",
}


@pytest.mark.parametrize("name", WRITTEN)
def test_a_row_alone_is_read_as_it_is_among_the_others(write, name):
    rows = [f"{cell};{x};{c}" for cell, (x, c) in zip(WRITTEN[name].split(), FLOWERS, strict=False)]
    data = from_csv(write(table(f"{name};petal;c", *rows)), "c")
    assert {column.kind for column in data.plan.columns} & {"left out"} == set()
    for row, x in zip(rows, data.X, strict=True):
        frame, _ = read_table(write(table(f"{name};petal;c", row)))
        assert list(data.plan.rows(data.plan.fitting(frame, "c")[0])[0]) == [x]


def test_a_target_that_is_a_date_is_said_to_be_learned_as_days(write):
    data = from_csv(write(table("x;day", *[f"{i * i};2024-01-{i:02}T06:00:00Z" for i in range(1, 9)])), "day")
    assert (data.task, data.y[0]) == ("regression", 19723.25)
    assert "day is learned, and predicted, as a date, in days since 1970" in data.plan.notes


def test_what_keeps_a_column_of_numbers_from_being_one_is_named(write):
    rows = [f"{x},{'5 ft' if i == 30 else 1.5 + i},{c}" for i, (x, c) in enumerate(FLOWERS * 4)]
    path = write(table("petal,height,c", *rows))
    why = "text with 40 distinct values, though most are numbers: row 31 is '5 ft'"
    assert f"height: left out: {why}" in from_csv(path, "c").plan.lines()
    with pytest.raises(ValueError, match=f"'height' is {why}; leave such rows out"):
        from_csv(path, "height")
    rows = [
        f"{x},{1 + i % 30 if i < 65 else ['six', 'two'][i % 2]},{c}" for i, (x, c) in enumerate(FLOWERS * 7)
    ]
    with pytest.raises(
        ValueError, match=r"text with 32 .* row 66 is 'two', and 4 more are no numbers either"
    ):
        from_csv(write(table("petal,height,c", *rows)), "height")
    assert len(from_csv(path, "height", task="classification").classes) == 32


@pytest.mark.parametrize(
    ("delimiter", "cell", "number"),
    [(";", "1,234", 1.234), ("\t", "1,234", 1234.0), (",", '"1,234"', 1234.0), (";", "1,234,567", 1234567.0)],
)
def test_a_comma_is_a_point_most_likely_where_semicolons_separate(write, delimiter, cell, number):
    def file(*cells):
        rows = [delimiter.join(some) for some in zip(cells, "abab", cells, strict=False)]
        return write(table(delimiter.join("xcy"), *rows))

    data = from_csv(file(*[cell] * 3, cell.replace("1", "2", 1)), "y", task="regression")
    assert (data.X[0][0], data.y[0]) == (number, number)
    data = from_csv(file("1", "2", "3", "5.5"), "y", task="regression")  # and a table to predict, otherwise
    frame, _ = read_table(file(cell))
    rows, _ = data.plan.rows(data.plan.fitting(frame, "y")[0])
    assert rows[0][0] == number
