"""``python -m nn train names`` and ``train text``: a model learns to write, is kept, and continues."""

import re
import sys
from types import SimpleNamespace

import pytest

from nn import Checkpoint, load
from nn.command.main import main
from nn.command.texts import TextSettings, prepare
from nn.texts.corpora import first_names, read_text

NAMES = ["anna", "hanna", "nana", "ann", "hannah", "nan", "aha", "ana", "hana", "annah"]
SMALL = ["--width", "4", "--heads", "2", "--context", "8", "--epochs", "3", "--batch", "4"]


@pytest.fixture
def file(tmp_path, monkeypatch):
    """A file of names.  No report is written, which takes most of the time: test_text_report has these."""
    monkeypatch.setattr("nn.command.report.write_text_report", lambda told, folder, keep: folder)
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "names.txt"
    path.write_text("\n".join(NAMES) + "\n", encoding="utf-8")
    return path


def train(*arguments, code=0):
    assert main(["train", *map(str, arguments)]) == code


def test_a_model_learns_names_line_by_line(file, capsys):
    train("text", "--data", file, *SMALL, "--save", "model.safetensors")
    said = capsys.readouterr().out
    assert "10 documents, one per line, of 4 tokens; 9 to train on, 1 held out" in said
    assert re.search(r"epoch 3, perplexity [\d.]+: \w*, ", said)
    assert re.search(r"held out  loss [\d.]+, perplexity [\d.]+", said)
    assert said.count("writes ") == 24
    assert load("model.safetensors").vocabulary == 4


def test_a_running_text_is_learned_by_windows(file, capsys):
    file.write_text("an anna\n\nhanna nana, " * 5, encoding="utf-8")
    train("text", "--data", file, *SMALL, "--tokens", "bytes", "--engine", "eager", "--epochs", "1")
    assert re.search(r"windows of 8 tokens, of 257 tokens;", capsys.readouterr().out)


def test_a_line_that_is_too_long_is_cut_with_a_word(file, capsys):
    file.write_text("\n".join([*NAMES, "hannahannah"]), encoding="utf-8")
    train("text", "--data", file, *SMALL, "--engine", "eager", "--epochs", "1")
    assert "note      1 of 11 documents do not fit the context of 8 tokens" in capsys.readouterr().out


def test_a_training_continues_as_if_it_had_never_stopped(file, monkeypatch, capsys):
    train("text", "--data", file, *SMALL, "--save", "whole.safetensors")
    from nn.command.texts import TextJob

    keep = TextJob.save

    def interrupted(job, path, state):
        keep(job, path, state)
        if state and state["epoch"] == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(TextJob, "save", interrupted)
        train("text", "--data", file, *SMALL, "--save", "half.safetensors", code=130)
    train("text", "--data", file, "--resume", "half.safetensors", "--save", "half.safetensors")
    assert "3 epochs, 2 of them done before" in capsys.readouterr().out
    whole, half = (Checkpoint.read(f"{name}.safetensors") for name in ("whole", "half"))
    assert half.training["weights"] == whole.training["weights"]
    assert half.training["history"] == whole.training["history"]


def test_names_come_from_a_package(tmp_path, monkeypatch, capsys):
    for kind, lines in {
        "male": "JAMES 3.3 3.3 1\nLEE 0.1 3.4 2\n",
        "female": "MARY 2 2 1\nLEE 1 1 9\n",
    }.items():
        (tmp_path / kind).write_text(lines, encoding="utf-8")
    package = SimpleNamespace(FILES={f"first:{kind}": str(tmp_path / kind) for kind in ("male", "female")})
    monkeypatch.setitem(sys.modules, "names", package)
    assert first_names() == ["james", "lee", "mary"]
    train("names", *SMALL, "--engine", "eager", "--held-out", "0", "--epochs", "1")
    assert "first names: 3 documents" in capsys.readouterr().out
    monkeypatch.setitem(sys.modules, "names", None)
    train("names", code=2)
    assert 'a list of first names needs names: pip install "chainrule[train]"' in capsys.readouterr().err


def test_the_names_of_the_package_are_names():
    pytest.importorskip("names", reason="the package names is not installed")
    names = first_names()
    assert len(names) == 5163
    assert {"emma", "james"} <= set(names)
    assert all(name.isalpha() and name.islower() for name in names)


BAD = {
    "no file": (["text"], "name the file to learn from"),
    "not there": (["text", "--data", "nothing.txt"], "nothing.txt: No such file"),
    "bytes": (["text", "--data", "picture.png"], r"picture.png: it is not a text in UTF-8: byte 0 is 0x89"),
    "zeros": (["text", "--data", "zeros"], "zeros: it is not a text: character 1 is a 0"),
    "empty": (["text", "--data", "empty"], "empty: it is empty"),
    "an empty line": (["text", "--data", "gap.txt", "--by", "line"], r"document 1 \(from 0\) is empty"),
    "one document": (["text", "--data", "one.txt"], "leaves 0 to validate on"),
    "heads": (["text", "--data", "names.txt", "--heads", "3"], "width"),
    "layers": (["text", "--data", "names.txt", "--layers", "3"], "--layers is not for a language model"),
    "cut": (["text", "--data", "names.txt", "--by", "word"], "--by"),
    "width": (["xor", "--width", "3"], "--width is for a language model"),
    "a file of names": (["names", "--data", "names.txt"], "the names come with a package"),
    "no checkpoint": (["text", "--data", "names.txt", "--resume", "names.txt"], "names.txt: "),
}


@pytest.mark.parametrize(("arguments", "message"), BAD.values(), ids=BAD)
def test_bad_input_takes_one_line(file, capsys, arguments, message):
    contents = {
        "picture.png": b"\x89PNG\r\n", "zeros": b"a\0b", "empty": b" \n",
        "gap.txt": b"ann\n\nanna\n", "one.txt": b"ann",
    }  # fmt: skip
    for name, content in contents.items():
        (file.parent / name).write_bytes(content)
    before = sorted(file.parent.iterdir())
    train(*arguments, code=2)
    said = capsys.readouterr()
    assert said.out == ""
    assert re.search(message, said.err)
    assert said.err.count("\n") == 1
    assert sorted(file.parent.iterdir()) == before


def test_a_checkpoint_of_another_vocabulary_or_text_is_refused(file, capsys):
    train("text", "--data", file, *SMALL, "--save", "model.safetensors", "--engine", "eager")
    resume = ["text", "--data", file, "--resume", "model.safetensors"]
    train(*resume, code=2)
    assert "all 3 epochs of this training are done" in capsys.readouterr().err
    train(*resume, "--width", "8", code=2)
    assert "continues as it was begun, with --width at 4; got 8" in capsys.readouterr().err
    file.write_text("\n".join([*NAMES, "anno"]), encoding="utf-8")
    train(*resume, code=2)
    assert "its vocabulary is another: 'o' is in only one" in capsys.readouterr().err
    file.write_text("\n".join([*NAMES, "ahn"]), encoding="utf-8")
    train(*resume, code=2)
    assert "was not trained on" in capsys.readouterr().err


def test_a_text_is_read_whatever_its_line_ends_are(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes("\ufeffann\r\nanna\r\n".encode())
    assert read_text(path) == "ann\nanna"


def test_all_of_a_text_is_learned_or_held_out():
    job = prepare("names", "\n".join(NAMES), TextSettings(held_out=0.3))
    written = [job.tokenizer.decode(x) for x, _ in [*job.train, *job.held_out]]
    assert sorted(written) == sorted(NAMES)
    assert len(job.held_out) == 3
