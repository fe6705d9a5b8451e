"""``python -m nn``, as a process where that is the point, else by its ``main``."""

import os
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from nn import MLP, Checkpoint, save
from nn.command.job import Job
from nn.command.main import main
from nn.training.eager import EagerEngine

ROOT = Path(__file__).parents[3]
QUICK = ["--layers", "1", "--epochs", "3", "--engine", "eager"]


def environment():
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def run(*arguments, cwd):
    command = [sys.executable, "-m", "nn", *arguments]
    return subprocess.run(
        command, cwd=cwd, env=environment(), capture_output=True, encoding="utf-8", timeout=60
    )


def test_an_encoding_without_the_signs_gets_others(tmp_path):
    command = [sys.executable, "-m", "nn", "train", "--help"]
    environ = environment() | {"PYTHONIOENCODING": "ascii"}
    finished = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, check=True, timeout=60)
    assert b"8 * 8 pixels" in finished.stdout


def test_a_reader_that_leaves_early_is_no_error(tmp_path):
    command = [sys.executable, "-c", "import sys; "
               "from autograd.notation.command_line import run_as_program; "
               "sys.exit(run_as_program(lambda: [print('x' * 10**6) for _ in range(9)] and 7))"]  # fmt: skip
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=tmp_path, env=environment(), stdout=pipe, stderr=pipe) as process:
        process.stdout.close()
        assert (process.wait(60), process.stderr.read()) == (7, b""), "it goes on to its own end"


def write_table(path, *rows):
    path.write_text("\n".join(["a,b,c", *rows, ""]), encoding="utf-8")


# ----------------------------------------------------------------------------------- as a process


def test_training_on_xor_ends_with_scores_and_a_report(tmp_path):
    done = run("train", "xor", *QUICK, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    last = done.stdout.splitlines()
    assert last[0] == "data      xor: 4 samples of 2 inputs, 2 classes; 4 to train on, 0 held out"
    assert last[1] == "network   2 → 1 → 1, tanh, 5 weights and biases"
    assert "accuracy" in done.stdout
    assert last[-1] == f"report    {Path('report') / 'index.html'}"
    assert sorted(path.name for path in (tmp_path / "report").iterdir()) == [
        "gallery.html",
        "history.csv",
        "index.html",
        "paths",
        "training.html",
        "walk.html",
        "weights.safetensors",
    ]


def test_bad_input_ends_in_one_line_the_code_2_and_nothing_written(tmp_path):
    done = run("train", "xro", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("error: unknown data 'xro'; did you mean 'xor'?")
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def interruptible():
    """Ctrl-C reaches the processes started here, also where the tests run in a shell's background,
    which would have them ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_keeps_what_was_trained_so_far(tmp_path):
    import termios

    terminal, its_end = os.openpty()
    termios.tcsetwinsize(terminal, (24, 80))
    command = [sys.executable, "-m", "nn", "train", "xor", *QUICK[:2], *QUICK[4:], "--epochs", "10000000"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, stderr=its_end, encoding="utf-8"
    ) as process:
        os.close(its_end)
        seen = b""
        while b"loss" not in seen:  # the progress bar has come to the first epoch
            assert select.select([terminal], [], [], 60)[0], "no progress bar was shown"
            seen += os.read(terminal, 1024)
        process.send_signal(signal.SIGINT)
        seen_after = b""
        try:
            while select.select([terminal], [], [], 60)[0] and (chunk := os.read(terminal, 1024)):
                seen_after += chunk
        except OSError:  # the process has closed its end
            pass
        said, _ = process.communicate(timeout=60)
    os.close(terminal)
    assert process.returncode == 130
    assert "Interrupted after" in said
    assert b"Traceback" not in seen_after
    assert "Interrupted after" in (tmp_path / "report" / "index.html").read_text(encoding="utf-8")


# ------------------------------------------------------------------------------- as a function


@pytest.mark.parametrize(
    ("target", "score"), [("c", "accuracy"), ("a", "RMSE")], ids=["classification", "regression"]
)
def test_a_csv_file_is_learned_by_its_target_column(undrawn, in_tmp, capsys, target, score):
    write_table(in_tmp / "t.csv", *(f"{i / 7},{i * i % 11},{'yes' if i % 3 else 'no'}" for i in range(20)))
    assert main(["train", "t.csv", "--target", target, *QUICK]) == 0
    said = capsys.readouterr().out
    assert f"held out  {'accuracy' if score == 'accuracy' else 'R²'}" in said
    assert score in said


def test_every_option_is_taken(undrawn, in_tmp, capsys):
    options = (
        "--layers 3,2 --activation relu --loss half_mse --optimizer nesterov --lr 0.1 --epochs 2 --batch 8 "
        "--l2 0.01 --held-out 0.25 --seed 3 --engine eager --report out/there"
    )
    assert main(["train", "moons", *options.split(), "--weights", "w11^1, b2^2 layers.0.neurons.0.w.1"]) == 0
    said = capsys.readouterr().out
    assert "2 → 3 → 2 → 1, relu" in said
    assert "half_mse, nesterov at a rate of 0.1, batches of 8, 2 epochs, seed 3" in said
    assert "150 to train on, 50 held out" in said
    paths = (in_tmp / "out" / "there" / "paths").iterdir()
    assert sorted(path.name for path in paths) == ["b2_2.svg", "w11_1.svg", "w21_1.svg"]


def test_weights_with_a_comma_in_their_name_can_be_asked_for(undrawn, in_tmp):
    asked = ["--layers", "12", "--weights", "w1,12^1,w2,3^1"]
    assert main(["train", "xor", *asked, "--epochs", "1", "--engine", "eager"]) == 0
    paths = (in_tmp / "report" / "paths").iterdir()
    assert sorted(path.name for path in paths) == ["w1,12_1.svg", "w2,3_1.svg"]


def test_an_interrupt_in_the_first_epoch_is_reported_too(in_tmp, capsys, monkeypatch):
    def interrupted(self, batch, on_gradients):
        raise KeyboardInterrupt

    monkeypatch.setattr(EagerEngine, "step", interrupted)
    assert main(["train", "xor", *QUICK]) == 130
    assert "Interrupted after 0 of 3 epochs" in capsys.readouterr().out
    assert (in_tmp / "report" / "index.html").exists()


def test_a_training_without_a_whole_epoch_leaves_the_file_there(undrawn, in_tmp, capsys, monkeypatch):
    def interrupted(self, batch, on_gradients):
        raise KeyboardInterrupt

    save(MLP(2, [1]), "m")
    before = (in_tmp / "m").read_bytes()
    monkeypatch.setattr(EagerEngine, "step", interrupted)
    assert main(["train", "xor", *QUICK, "--save", "m"]) == 130
    assert "saved" not in capsys.readouterr().out
    assert (in_tmp / "m").read_bytes() == before


def test_an_interrupt_outside_of_the_training_leaves_nothing(in_tmp, capsys, monkeypatch):
    def interrupted(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr("nn.command.report.write_report", interrupted)
    assert main(["train", "xor", *QUICK]) == 130
    assert capsys.readouterr().err == "interrupted: no report was written\n"
    assert list(in_tmp.iterdir()) == []


def test_a_loss_that_runs_away_is_noted_in_the_report(in_tmp, capsys):
    arguments = [*QUICK, "--optimizer", "sgd", "--lr", "1e200", "--activation", "relu"]
    write_table(in_tmp / "t.csv", *(f"{i / 7},{i * i % 11},{i % 5 + i / 9}" for i in range(20)))
    assert main(["train", "t.csv", "--target", "c", *arguments]) == 0
    assert "Lower the learning rate" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("", "the following arguments are required: DATA"),
        ("xor extra", "unrecognized arguments: extra"),
        ("xor --epoch 3", "unrecognized arguments: --epoch"),
        ("xor --lr 0", "argument --lr: a number above 0 is wanted; got '0'"),
        ("xor --lr nan", "argument --lr: a number above 0"),
        ("xor --lr fast", "argument --lr: a number above 0 is wanted; got 'fast'"),
        ("xor --l2 -1", "argument --l2: a number from 0 up is wanted"),
        ("xor --epochs 0", "argument --epochs: a whole number from 1 up is wanted; got '0'"),
        ("xor --epochs 1.5", "argument --epochs: a whole number"),
        ("xor --batch 0", "argument --batch: a whole number"),
        ("xor --seed -1", "argument --seed: a whole number from 0 up"),
        ("xor --layers 3,0", "argument --layers: a whole number from 1 up is wanted; got '0'"),
        ("xor --held-out 1", "argument --held-out: a number from 0 up and below 1"),
        ("xor --held-out 0.9", "too few would be left to train on"),
        ("xor --activation tahn", "unknown activation 'tahn'; did you mean 'tanh'?"),
        ("xor --loss hing", "unknown loss 'hing'; did you mean 'hinge'?"),
        ("xor --optimizer adm", "unknown optimiser 'adm'"),
        ("xor --engine eagre", "unknown engine 'eagre'; did you mean 'eager'?"),
        ("xor --weights w99^9", "there is no parameter 'w99^9'"),
        ("xor --target y", "xor has its own target"),
        ("xor --report file", "file is a file; the report needs a folder"),
        ("xor --report file/report", "no report can be written to file"),
        ("xor --report mine", "the folder mine holds files that are not a report's (notes.txt)"),
        ("moon", "unknown data 'moon'; did you mean 'moons'?"),
        ("nowhere.csv --target y", "there is no file nowhere.csv"),
        ("mine --target y", "mine is a folder, not a table"),
        ("good.csv", "which column of good.csv is to be learned?"),
        ("good.csv --target d", "good.csv: there is no column 'd'"),
        ("good.csv --target c --loss mse --activation", "argument --activation: expected one argument"),
        ("good.csv --target a --loss hinge", "hinge is for classes"),
        ("hole.csv --target c --missing refuse", "hole.csv: row 2, column 'b' is missing"),
        ("hole.csv --target c --missing skip", "unknown missing 'skip'"),
        ("good.csv --target c --drop d", "good.csv: there is no column 'd'"),
        ("good.csv --target c --columns a,c", "good.csv: there is no column 'c'"),
        ("good.csv --target c --task regression", "good.csv: row 1, column 'c': 'no' is not a number"),
        ("good.csv --target c --task guess", "unknown task 'guess'"),
        ("good.csv --target c --classes yes,maybe", "good.csv: row 1: the target 'c' is 'no', which is not"),
        ("xor --drop x1", "xor is read as it is; drop is for tables"),
        ("empty.csv --target c", "empty.csv: the file is empty"),
    ],
)
def test_bad_input_is_named_in_one_line(in_tmp, capsys, arguments, message):
    (in_tmp / "file").write_text("mine")
    (in_tmp / "mine").mkdir()
    (in_tmp / "mine" / "notes.txt").write_text("mine")
    write_table(in_tmp / "good.csv", *(f"{i / 7},{i * i % 11},{'yes' if i % 3 else 'no'}" for i in range(20)))
    write_table(in_tmp / "hole.csv", "1,2,x", "2,,y", "1,3,x", "1,2,y")
    (in_tmp / "empty.csv").write_text("")
    before = sorted(in_tmp.rglob("*"))
    try:
        code = main(["train", *arguments.split()])
    except SystemExit as stopped:  # how argparse ends
        code = stopped.code
    said = capsys.readouterr()
    assert code == 2
    assert said.out == ""
    assert said.err.startswith("error: ")
    assert message in said.err
    assert said.err.count("\n") == 1
    assert sorted(in_tmp.rglob("*")) == before


def small_pictures(folder):
    """Four files of MNIST's format: pictures whose class is the row that is dark."""
    folder.mkdir()
    for part, count in (("train", 60), ("t10k", 20)):
        labels = bytes(i % 3 for i in range(count))
        images = b"".join(
            bytes([200 if row == label else i % 50] * 3) for i, label in enumerate(labels) for row in range(3)
        )
        sizes = b"".join(n.to_bytes(4, "big") for n in (count, 3, 3))
        (folder / f"{part}-images-idx3-ubyte").write_bytes(b"\0\0\x08\x03" + sizes + images)
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(
            b"\0\0\x08\x01" + count.to_bytes(4, "big") + labels
        )


def test_pictures_from_a_folder_are_judged_by_their_own_test_part(undrawn, in_tmp, capsys):
    small_pictures(in_tmp / "files")
    options = ["--data", "files", "--layers", "4", "--epochs", "30", "--batch", "8", "--dropout", "0.1"]
    assert main(["train", "idx", *options, "--engine", "eager"]) == 0
    said = capsys.readouterr().out
    assert "data      files: 80 samples of 9 inputs, 3 classes; 60 to train on, 20 held out" in said
    assert "held out  accuracy 100 %" in said
    assert "Confusion matrix" in (in_tmp / "report" / "index.html").read_text(encoding="utf-8")


def test_a_training_that_was_interrupted_goes_on_where_it_was(undrawn, in_tmp, capsys, monkeypatch):
    def interrupted(self, path, state=None):
        if state and state["epoch"] == 3:
            raise KeyboardInterrupt
        write(self, path, state)

    write = Job.save
    with monkeypatch.context() as patched:
        patched.setattr(Job, "save", interrupted)
        assert main(["train", "xor", *QUICK[:2], *QUICK[4:], "--epochs", "6", "--save", "run"]) == 130
    assert Checkpoint.read("run").training["epoch"] == 2
    capsys.readouterr()
    assert main(["train", "xor", "--resume", "run", "--save", "run"]) == 0
    assert "6 epochs, 2 of them done before" in capsys.readouterr().out
    assert Checkpoint.read("run").training["epoch"] == 6


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with a training that was saved as xor and its report in before."""
    folder = tmp_path_factory.mktemp("trained")
    files = ["--save", f"{folder / 'xor'}", "--report", f"{folder / 'before'}"]
    assert main(["train", "xor", *QUICK, *files]) == 0
    return folder


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("xor --resume nowhere", "nowhere: No such file or directory"),
        ("xor --resume text", "text: it is cut off, or not a safetensors file"),
        ("xor --resume bare", "bare: it holds no training to continue"),
        ("iris --resume xor", "xor: the network was not trained on iris, or that has changed since"),
        ("xor --resume xor --lr 0.5", "xor: a training continues as it was begun, with --lr at 0.2; got 0.5"),
        ("xor --resume xor", "xor: all 3 epochs of this training are done; ask for more in all (--epochs)"),
        ("xor --save nowhere/file", "nowhere/file: No such file or directory: nothing can be saved there"),
        ("xor --save before", "before: Is a directory: nothing can be saved there"),
        ("mnist", "mnist is read from its four files"),
        ("mnist --data nowhere", "there is no folder nowhere"),
        ("xor --data nowhere", "xor is not read from a folder"),
        ("xor --schedule cosin", "unknown schedule 'cosin'; did you mean 'cosine'?"),
        ("xor --layers 100000,100000", "at most"),
    ],
)
def test_a_bad_file_or_folder_is_named_in_one_line(in_tmp, trained, capsys, arguments, message):
    (in_tmp / "text").write_text("this is no checkpoint at all")
    save(MLP(2, [1]), "bare")
    shutil.copytree(trained, in_tmp, dirs_exist_ok=True)
    assert main(["train", *arguments.split()]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("error: ")
    assert message in said.err
    assert not (in_tmp / "report").exists()


def test_a_rate_out_of_all_proportion_draws_no_warning(in_tmp, capsys):
    assert (
        main(["train", "xor", "--lr", "1e300", "--epochs", "20", "--engine", "eager", "--layers", "1"]) == 0
    )
    assert capsys.readouterr().err == ""


def test_what_each_column_became_is_printed_and_stands_in_the_report(undrawn, in_tmp, capsys):
    header, colours = '"","size","colour","level"', ["red", "blue", "grey"]
    rows = [f'"{i}",{"NA" if i == 3 else i * 7 % 11},{colours[i % 3]},{i % 4 + 3}' for i in range(1, 25)]
    (in_tmp / "t.csv").write_text("\n".join([header, *rows]))
    options = ["--target", "level", "--task", "regression", "--missing", "mark"]
    assert main(["train", "t.csv", *options, *QUICK]) == 0
    said = capsys.readouterr().out
    wanted = [
        "columns   (no name): left out: it has no name: it counts or names the rows",
        "columns   size: a number, and whether it is missing",
        "columns   colour: 3 categories, an input each",
        "note      1 missing cell (size 1): as mean, and a further input says that it was missing",
    ]
    page = (in_tmp / "report/index.html").read_text(encoding="utf-8")
    for line in wanted:
        assert line in said
        assert line[10:] in page
    assert "24 samples of 5 inputs, regression" in said
    assert main(["train", "t.csv", "--target", "level", "--drop", "colour", *QUICK]) == 0
    assert "24 samples of 1 input, 4 classes" in capsys.readouterr().out


def test_oddities_of_the_data_are_noted(undrawn, in_tmp, capsys):
    write_table(in_tmp / "t.csv", *(f"{i / 7},5,{'yes' if i % 3 else 'no'}" for i in range(12)), "2,5,maybe")
    assert main(["train", "t.csv", "--target", "c", *QUICK]) == 0
    said = capsys.readouterr().out
    assert "columns   b: left out: it is 5 in every row" in said
    assert "note      the class maybe has one sample: it is learned, but never judged." in said


@pytest.mark.parametrize("arguments", [["--help"], ["train", "--help"]])
def test_help_shows_examples_and_ends_well(capsys, arguments):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 0
    said = capsys.readouterr().out
    assert "examples:" in said
    assert "python -m nn train digits" in said


def test_packages_that_are_missing_are_named_with_the_extra_to_install(capsys, monkeypatch):
    monkeypatch.setattr("nn.command.main.PACKAGES", ("numpy", "no_such_plotter", "no_such_format"))
    assert main(["train", "xor"]) == 2
    wanted = (
        'error: a training report needs no_such_plotter, no_such_format: pip install "chainrule[train]"\n'
    )
    assert capsys.readouterr().err == wanted


def test_a_large_network_is_reported_on_only_if_the_folder_is_named(undrawn, in_tmp, capsys, monkeypatch):
    monkeypatch.setattr("nn.command.main.MOST_DRAWN", 4)
    assert main(["train", "xor", *QUICK]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("report    none of so large a network")
    assert list(in_tmp.iterdir()) == []
    assert main(["train", "xor", *QUICK, "--report", "here"]) == 0
    assert (in_tmp / "here" / "index.html").exists()


def test_precision_and_threads_reach_the_training(undrawn, in_tmp, capsys):
    assert main(["train", "xor", *QUICK, "--dtype", "float32"]) == 2
    assert "the eager engine computes in float64" in capsys.readouterr().err
    assert main(["train", "xor", "--dtype", "float16"]) == 2
    assert "unknown dtype 'float16'" in capsys.readouterr().err
    assert main(["train", "xor", *QUICK, "--threads", "2"]) == 0
