"""The packages as a house.  Imports point downwards: every one, lazy and typing ones included, in one order.

A room is a folder, or a file beside the folders.  Each may import the rooms that stand before it in the
order, and within a folder the files may import one another as long as no circle arises.
"""

from __future__ import annotations

import ast
import subprocess
from collections import Counter
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

import autograd

ROOT = Path(autograd.__file__).parent.parent

AUTOGRAD = (
    "core", "ops", "notation", "source.expression", "source.language", "source.c_and_numpy",
    "source.formulas", "source.variadic", "source.translation", "source.javascript", "files",
    "node", "graph", "by_label", "pure_reverse", "protocols", "fast_operators", "marked_order", "reverse",
    "value", "leaves", "functions", "anomaly", "functional", "extend", "mistakes", "tape", "source",
    "seeing.facts", "seeing.style", "seeing.drawing", "seeing.pages", "seeing",
    "testing", "command", "__main__", "",
)  # fmt: skip
NN = (
    "checks", "init", "construction", "complaints", "holding", "inputs", "module", "containers",
    "activations", "dropout", "losses", "outputs", "data", "matrices",
    "weights", "layers", "convolution", "sequences", "recurrent", "documents",
    "embedding", "normalisation", "attention", "transformer",
    "optim", "callbacks", "schedules", "clipping", "predictions", "units", "texts", "saving", "exporting",
    "seeing", "health",
    "training", "estimators", "command", "__main__", "",
)  # fmt: skip
ORDER = [f"autograd.{room}".rstrip(".") for room in AUTOGRAD] + [f"nn.{room}".rstrip(".") for room in NN]
"""The rooms from the ground up; a package's own name stands for its face, ``__init__.py``."""

FACES = ("autograd", "autograd.extend", "autograd.seeing", "autograd.seeing.style", "autograd.tape")
"""What `nn` may import of `autograd`, besides `autograd.notation` and `autograd.files`."""


class Import(NamedTuple):
    """One import: the module in which it stands, where, and the module that it names."""

    module: str
    place: str
    target: str


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module", autouse=True)
def cleared_up() -> Iterator[None]:
    """Keep no tree when these tests are over: there are 10⁶ nodes in them, which slow everything else."""
    yield
    tree_of.cache_clear()


MODULES = {module_of(path): path for name in ("autograd", "nn") for path in (ROOT / name).rglob("*.py")}


def imports(module: str) -> Iterator[Import]:
    """Every import of these packages in a module, at the top or in a function, for types or for good."""
    file = MODULES[module].relative_to(ROOT)
    for node in ast.walk(tree_of(MODULES[module])):
        if isinstance(node, ast.Import):
            named = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            within = [f"{node.module}.{alias.name}" for alias in node.names]
            named = [name if name in MODULES else node.module for name in within]
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "import_module":
            named = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
        else:
            continue
        for name in named:
            if name.partition(".")[0] in ("autograd", "nn"):
                yield Import(module, f"{file}, line {node.lineno}", name)


def room_of(module: str) -> str:
    """The longest room that the module lies in; a face is a room of its own."""
    if module in ("autograd", "nn"):
        return module
    return max((r for r in ORDER if f"{module}.".startswith(f"{r}.") and "." in r), key=len, default=module)


@pytest.fixture(scope="module")
def found() -> list[Import]:
    return [each for module in sorted(MODULES) for each in imports(module)]


def test_every_module_has_its_room() -> None:
    assert {room_of(module) for module in MODULES} <= set(ORDER)


def test_imports_point_downwards(found: list[Import]) -> None:
    upward = [
        f"{i.place}: {room_of(i.module)} imports {i.target}"
        for i in found
        if ORDER.index(room_of(i.target)) > ORDER.index(room_of(i.module))
    ]
    assert not upward, "\n".join(upward)


def test_no_circle_of_modules(found: list[Import]) -> None:
    targets = {m: {i.target for i in found if i.module == m and i.target in MODULES} - {m} for m in MODULES}
    try:
        TopologicalSorter(targets).prepare()
    except CycleError as error:
        circle = error.args[1]
        places = [
            i.place for a, b in pairwise(circle) for i in found if (i.module, i.target) in ((a, b), (b, a))
        ]
        pytest.fail(" → ".join(circle) + "\n" + "\n".join(places))


def test_nn_knows_of_autograd_only_its_faces(found: list[Import]) -> None:
    behind = [
        f"{i.place}: {i.target}"
        for i in found
        if i.module.partition(".")[0] == "nn"
        and i.target.startswith("autograd")
        and i.target not in FACES
        and not i.target.startswith(("autograd.notation", "autograd.files"))
    ]
    assert not behind, "\n".join(behind)


def test_autograd_knows_nothing_of_nn(found: list[Import]) -> None:
    assert not [i.place for i in found if i.module.startswith("autograd") and i.target.startswith("nn")]


@pytest.mark.parametrize("module", ["autograd.value", "autograd.reverse", "autograd.graph", "autograd.node"])
def test_the_core_imports_nothing_late(module: str) -> None:
    tree = tree_of(MODULES[module])
    at_the_top = {node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)}
    everywhere = {node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)}
    assert everywhere == at_the_top


# ----------------------------------------------------------------- folders, files, names, signatures

SOURCES = [path for top in ("autograd", "nn", "tests") for path in sorted((ROOT / top).rglob("*.py"))]

WIDE = {
    "autograd.tape.kernels": "calls inside of the machine",
    "nn.training.fit": "nn/training/README.md says why",
    "nn.transformer": "GPT-2 and its kin differ in so many ways",
    "nn.estimators": "they are scikit-learn's parameters",
}
"""Where a function may have more than 12 arguments, and why."""


def test_no_module_hides_behind_a_function_of_its_name() -> None:
    hidden = [
        f"{module}.{alias.name}"
        for module, path in MODULES.items()
        for node in tree_of(path).body
        if path.name == "__init__.py" and isinstance(node, ast.ImportFrom) and node.module != module
        for alias in node.names
        if f"{module}.{alias.name}" in MODULES
    ]
    assert not hidden


def test_no_private_name_is_imported() -> None:
    private = [
        f"{path.relative_to(ROOT)}, line {node.lineno}: {alias.name}"
        for path in SOURCES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(("autograd", "nn", "tests"))
        for alias in node.names
        if alias.name.startswith("_") and not alias.name.startswith("__")
    ]
    assert not private, "\n".join(private)


def test_a_large_folder_says_why() -> None:
    files = Counter(path.parent for path in SOURCES if path.name != "__init__.py")
    silent = [folder for folder, count in files.items() if count > 15 and not (folder / "README.md").exists()]
    assert not [folder for folder in silent if not folder.is_relative_to(ROOT / "tests")]


def test_nothing_else_stands_at_the_top_level() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("only a clone tells what belongs to the project")
    kept = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    rooms = {
        "pyproject.toml",
        "README.md",
        "LICENSE",
        ".gitignore",
        ".ci",
        "autograd",
        "nn",
        "tests",
        "notebooks",
    }
    assert {name.partition("/")[0] for name in kept.splitlines()} == rooms


def test_no_file_is_long() -> None:
    lines = {path.relative_to(ROOT): path.read_text(encoding="utf-8").count("\n") for path in SOURCES}
    assert not [(str(path), count) for path, count in lines.items() if count > 450]


def test_no_signature_is_wide() -> None:
    wide = [
        f"{module}.{node.name}"
        for module, path in MODULES.items()
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef)
        if len([a for a in (*node.args.args, *node.args.kwonlyargs) if a.arg != "self"]) > 12
    ]
    assert not [name for name in wide if not name.startswith(tuple(WIDE))]
