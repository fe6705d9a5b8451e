"""The history: a true record, as epochs, as columns, as a file and as a plot."""

import csv
import sys

import pytest

from nn import MLP, History, fit
from nn.callbacks import Epoch

X = [[0.5, -1.0], [1.5, 0.3], [-0.7, 0.9], [-1.2, -0.4], [0.1, 1.1]]
SIGNS = [1, -1, -1, 1, -1]
REALS = [0.3, -0.5, 1.2, 0.0, 0.7]


def trained(model=None, X=X, y=SIGNS, loss="hinge", **settings):
    """A short eager training, with the model and the history."""
    model = model or MLP(2, [3, 1], "tanh", seed=0)
    settings = {"epochs": 3, "engine": "eager", "progress": False} | settings
    return model, fit(model, X, y, loss=loss, **settings)


def test_history_is_a_sequence_of_epochs_and_of_columns():
    _, history = trained(epochs=3)
    assert isinstance(history, History)
    assert len(history) == 3
    assert [epoch.number for epoch in history] == history["number"] == [1, 2, 3]
    assert history[-1].loss == history["loss"][2]
    assert history.columns == ["number", "loss", "accuracy"]
    with pytest.raises(KeyError, match="known are number, loss"):
        history["los"]


def test_history_is_written_as_csv(tmp_path):
    History([Epoch(1, 0.1, val_loss=0.2), Epoch(2, 1e-17, val_loss=0.3)]).to_csv(tmp_path / "h.csv")
    with open(tmp_path / "h.csv", newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [["number", "loss", "val_loss"], ["1", "0.1", "0.2"], ["2", "1e-17", "0.3"]]


def test_history_plots_what_it_holds():
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    loss, share = trained(validation=0.4)[1].plot().figure().axes
    assert (loss.get_ylabel(), share.get_ylabel()) == ("loss", "accuracy")
    assert [line.get_label() for line in loss.lines] == ["training", "validation"]
    assert len(trained(y=REALS, loss="mse")[1].plot().figure().axes) == 1


def test_a_plot_without_matplotlib_names_the_extra(monkeypatch):
    for name in [name for name in sys.modules if name.startswith("nn.seeing")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r"chainrule\[train\]"):
        trained()[1].plot()


def test_repr_tells_how_it_went():
    _, history = trained(epochs=1)
    assert repr(history).startswith("History: 1 epoch, loss ")


def test_repr_names_the_engine():
    assert "on the eager engine" in repr(trained(engine="eager", epochs=1)[1])
    pytest.importorskip("numba", reason="without it NumPy replays the tape, which is said as well")
    assert repr(trained(engine="tape", epochs=1)[1]).endswith("on the tape")
