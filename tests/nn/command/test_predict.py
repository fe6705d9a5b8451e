"""``python -m nn predict``: what a saved network says of other tables, in their units and by their names."""

import csv
import io
import sys
from dataclasses import replace

import pandas as pd
import pytest

from nn import MLP, save
from nn.command.job import prepare
from nn.command.main import main
from nn.command.predictor import read_predictor
from nn.command.run import run
from nn.command.settings import Settings
from nn.data import from_frame, iris

ROWS = 24
FRAME = pd.DataFrame(
    {
        "": range(1, ROWS + 1),
        "size": [i * 7 % 11 + 0.5 for i in range(ROWS)],
        "colour": ["red", "blue", "green"] * (ROWS // 3),
        "sent": pd.date_range("2020-01-01", periods=ROWS, freq="53h"),
        "kind": ["yes", "no"] * (ROWS // 2),
    }
)
FRAME["price"] = 1000 + 25 * FRAME["size"] + 10 * (FRAME["colour"] == "red")
SETTINGS = Settings((3,), "tanh", "half_mse", "momentum", 0.05, 6, 4, engine="eager")


def saved(target: str, path: str, frame: pd.DataFrame = FRAME, loss: str = "half_mse", **options):
    """Return the result of a training, and save its network."""
    job = prepare(from_frame(frame, target, **options), replace(SETTINGS, loss=loss))
    result = run(job)
    job.save(path)
    return result


def predicted(capsys, *arguments: str) -> list[dict[str, str]]:
    assert main(["predict", *arguments]) == 0
    return list(csv.DictReader(io.StringIO(capsys.readouterr().out)))


def test_a_regression_is_predicted_in_its_own_units_whatever_the_order_of_the_columns(in_tmp, capsys):
    result = saved("price", "net")
    FRAME.sample(frac=1, axis=1, random_state=1).to_csv("shuffled.csv", index=False, sep=";")
    found = [float(row["price"]) for row in predicted(capsys, "net", "shuffled.csv")]
    assert found == result.predict(result.job.data.X)
    assert 900 < min(found) < max(found) < 1400


@pytest.mark.parametrize("loss", ["binary_cross_entropy", "hinge", "cross_entropy", "mse"])
def test_classes_are_predicted_by_name_with_their_support(in_tmp, capsys, loss):
    result = saved("kind", "net", loss=loss)
    FRAME.drop(columns=["kind", ""]).to_csv("new.csv")
    rows = predicted(capsys, "net", "new.csv")
    X = result.job.data.X
    assert [row["kind"] for row in rows] == [result.job.data.classes[int(k)] for k in result.predict(X)]
    assert [float(row["support"]) for row in rows] == pytest.approx(
        [max(s) for s in result.support(X)], rel=1e-5
    )


@pytest.mark.parametrize("terminal", [True, False])
def test_a_name_that_is_an_order_to_the_terminal_reaches_a_file_only(in_tmp, capsys, monkeypatch, terminal):
    frame = FRAME.assign(kind=FRAME["kind"] + "\x1b[31m")
    saved("kind", "net", frame, "binary_cross_entropy")
    frame.assign(colour=["blue\x1b[31m", *FRAME["colour"][1:]]).to_csv("new.csv", index=False)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal)
    assert main(["predict", "net", "new.csv"]) == 0
    out, err = capsys.readouterr()
    assert ("\x1b" in out, "\x1b" in err) == (not terminal, False)
    assert len(out.splitlines()) == ROWS + 1


def test_a_set_that_is_always_at_hand_is_predicted_by_its_columns_too(in_tmp, capsys):
    job = prepare(iris(), replace(SETTINGS, loss="cross_entropy", epochs=1))
    result = run(job)
    job.save("net")
    pd.DataFrame(list(job.data.X), columns=job.data.features).to_csv("iris.csv")
    rows = predicted(capsys, "net", "iris.csv")
    assert [row["kind"] for row in rows] == [job.data.classes[int(k)] for k in result.predict(job.data.X)]


@pytest.mark.parametrize(("missing", "empty"), [("mean", 0), ("mark", 0), ("drop", 2)])
def test_rows_with_missing_cells_are_filled_or_have_no_prediction(in_tmp, capsys, missing, empty):
    frame = FRAME.copy()
    frame.loc[[2, 5], "size"] = None
    saved("price", "net", frame, missing=missing)
    frame.to_csv("gaps.csv", index=False, na_rep="?")
    rows = predicted(capsys, "net", "gaps.csv")
    assert (len(rows), [i for i, row in enumerate(rows) if not row["price"]]) == (ROWS, [2, 5][:empty])


@pytest.mark.parametrize(("missing", "empty"), [("mean", 0), ("mark", 0), ("drop", 1)])
def test_a_category_that_was_not_learned_from_is_as_a_missing_cell(in_tmp, capsys, missing, empty):
    saved("price", "net", missing=missing)
    for name, colour in (("new.csv", "grey"), ("gap.csv", None)):
        frame = FRAME.copy()
        frame.loc[3, "colour"] = colour
        frame.to_csv(name, index=False)
    assert main(["predict", "net", "new.csv"]) == 0
    out, err = capsys.readouterr()
    assert "colour: 1 cell of categories that were not learned from ('grey'), taken as missing" in err
    assert [dict(row) for row in csv.DictReader(io.StringIO(out))] == predicted(capsys, "net", "gap.csv")
    assert out.splitlines().count('""') == empty


@pytest.mark.parametrize("keep", ["best", "last"])
def test_what_is_saved_predicts_as_the_report_says(undrawn, in_tmp, capsys, keep):
    FRAME.to_csv("table.csv", index=False)
    command = ["train", "table.csv", "--target", "kind", "--epochs", "30", "--keep", keep, "--layers", "8"]
    assert main([*command, "--save", "net", "--engine", "eager", "--lr", "0.3", "--report", "report"]) == 0
    assert ("Kept are the weights" in capsys.readouterr().out) == (keep == "best")
    assert predicted(capsys, "net", "table.csv") == predicted(
        capsys, "report/weights.safetensors", "table.csv"
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda frame: frame.drop(columns="size"), "new.csv: there is no column 'size'; the table has"),
        (lambda frame: frame.assign(weight=1), "'weight' was not in the table that was learned from"),
        (lambda frame: frame.assign(colour="grey"), "row 1, column 'colour': 'grey' is not one of 'blue'"),
        (lambda frame: frame.assign(size="large"), "row 1, column 'size': 'large' is not a number"),
    ],
)
def test_a_table_that_does_not_fit_is_refused_by_name(in_tmp, capsys, change, message):
    saved("price", "net")
    change(FRAME).to_csv("new.csv", index=False)
    assert main(["predict", "net", "new.csv"]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert message in said.err


def test_a_file_that_no_table_was_learned_for_is_refused(in_tmp, capsys):
    save(MLP(2, [1]), "bare")
    FRAME.to_csv("new.csv", index=False)
    assert main(["predict", "bare", "new.csv"]) == 2
    assert "bare: it does not say how a table is read" in capsys.readouterr().err


def test_a_plan_comes_back_as_it_was(in_tmp):
    result = saved("price", "net", missing="mark")
    predictor, plan, target = read_predictor("net")
    assert (plan.columns, plan.missing, target) == (result.job.data.plan.columns, "mark", "price")
    assert predictor.head.units == result.job.head.units
