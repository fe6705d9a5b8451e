"""The report of a language model: true numbers, bounded, and the model as it was."""

import re
from dataclasses import replace

import pytest

from autograd import gradient_path
from nn import Monitor, Transformer, losses
from nn.attention import shares_in
from nn.command.main import main
from nn.command.report.texts import Told, render
from nn.command.texts import TextSettings, prepare
from nn.training.history import History

NAMES = "\n".join(["anna", "hanna", "nana", "ann", "hannah", "nan", "aha", "ana", "hana", "annah"])


@pytest.fixture(scope="module")
def told():
    job = prepare("names", NAMES, TextSettings(width=4, heads=2, context=8, held_out=0.3))
    history = History()
    return Told(
        job.name, job.model, job.tokenizer, job.held_out, True, job.settings, history, Monitor(),
        [("at the end", ["anna", "<b>"])], 1.5,
    )  # fmt: skip


@pytest.fixture(scope="module")
def rendered(told):
    before = [p.data for p in told.model.parameters()]
    page, files = render(told)
    assert [p.data for p in told.model.parameters()] == before
    return page, files


def test_the_page_tells_one_letters_error_back_to_one_weight(rendered):
    page, files = rendered
    assert "Where its heads looked" in page
    assert "&lt;b&gt;" in page
    routes = int(re.search(r"It is the sum over ([\d,]+) routes", page)[1].replace(",", ""))
    told_weight = re.search(r"The weight <b>(\S+)</b> of a query", page)[1]
    assert told_weight.startswith("wq")
    listed = [int(n.replace(",", "")) for n in re.findall(r"</td><td>([\d,]+)</td><td>head", page)]
    assert sum(listed) == routes
    assert set(files) == {"walk.html"}


def test_routes_and_sums_are_those_of_the_graph(told, rendered):
    page, _ = rendered
    letter, text = re.search(r"costs most is &#39;(.)&#39; after &#39;(\w*)&#39;", page).groups()
    tokens = [told.tokenizer.mark, *told.tokenizer.encode(text)]
    target = told.tokenizer.mark if letter == "·" else told.tokenizer.encode(letter)[0]
    loss = losses.cross_entropy(told.model(tokens)[-1], target)
    counts = set()
    for neuron in told.model.blocks[-1].attention.queries.neurons:
        for weight in neuron.w:
            path = gradient_path(loss, weight)
            counts.add(path.count)
            stops = path.through(share.value for share in shares_in(loss))
            assert sum(stop.total for stop in stops) == pytest.approx(path.total, rel=1e-12, abs=1e-15)
    assert int(re.search(r"It is the sum over ([\d,]+) routes", page)[1].replace(",", "")) in counts


def test_a_large_model_is_stepped_through_by_layer(told, monkeypatch):
    monkeypatch.setattr("autograd.seeing.pages.player.sketch.MOST_NODES", 10)
    model = Transformer(len(told.tokenizer), 4, heads=2, blocks=2, context=8, seed=0)
    page, files = render(replace(told, model=model))
    assert [*files] == ["walk.html"]
    assert "of block 2 · attention, which looked from position" in page
    assert int(re.search(r"(\d+) steps, \d+ forward and", page)[1]) < 100


def test_the_command_writes_it_and_refuses_a_folder_of_someone_elses(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "names.txt").write_text(NAMES, encoding="utf-8")
    small = ["--width", "2", "--heads", "1", "--context", "3", "--epochs", "1"]
    assert main(["train", "text", "--data", "names.txt", *small, "--report", "r"]) == 0
    names = {path.name for path in (tmp_path / "r").iterdir()}
    assert names == {"index.html", "walk.html", "history.csv", "weights.safetensors"}
    assert "report    r/index.html" in capsys.readouterr().out
    assert main(["train", "text", "--data", "names.txt", *small, "--report", "r"]) == 0  # replaced
    (tmp_path / "r" / "mine.txt").write_text("mine")
    assert main(["train", "text", "--data", "names.txt", *small, "--report", "r"]) == 2
    assert "mine.txt" in capsys.readouterr().err
