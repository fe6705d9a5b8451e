"""What `import autograd` loads, and what it leaves for later."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import autograd

ROOT = Path(autograd.__file__).parent.parent
ENGINE = {"arithmetic", "functions", "graph", "higher", "ops", "reverse", "value"}
WALK = {
    "events",
    "formula",
    "slopes",
    "telling",
    "trace",
    "walk",
    "wording",
}  # a function and its module share a name


def modules_loaded_by(statement: str) -> set[str]:
    """The modules that a fresh Python loads for a statement, beyond those it starts with."""
    report = f"import sys; before = set(sys.modules); {statement}; print(*sorted(set(sys.modules) - before))"
    finished = subprocess.run(
        [sys.executable, "-c", report], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    return set(finished.stdout.split())


@pytest.mark.parametrize("package", ["autograd", "nn"])
def test_importing_a_package_loads_the_standard_library_only(package: str) -> None:
    roots = {name.partition(".")[0] for name in modules_loaded_by(f"import {package}")}
    assert roots - set(sys.stdlib_module_names) <= {"autograd", "nn"}


def test_importing_autograd_loads_the_engine_and_the_walk_and_nothing_else_of_the_project() -> None:
    loaded = modules_loaded_by("import autograd")
    ours = {name for name in loaded if name.partition(".")[0] in ("autograd", "nn")}
    assert ours == {"autograd", *(f"autograd.{name}" for name in ENGINE | WALK)}


def test_walk_is_the_function_even_once_its_module_was_asked_for() -> None:
    import_module("autograd.seeing.walk")
    assert callable(autograd.seeing.walk)


def test_the_engine_computes_without_anything_further() -> None:
    idle = modules_loaded_by("import autograd")
    busy = modules_loaded_by(
        "import autograd; x = autograd.Value(2.0); y = autograd.softmax([x.gelu(), x ** 3, 1])[0]; "
        "y.backward(); autograd.gradients(y, x, create_graph=True)"
    )
    assert busy == idle


def test_autograd_never_loads_nn() -> None:
    walk = "pkgutil.walk_packages(autograd.__path__, 'autograd.')"
    loaded = modules_loaded_by(f"import autograd, pkgutil; [__import__(m.name) for m in {walk}]")
    assert not {name for name in loaded if name.partition(".")[0] == "nn"}


def test_every_public_name_is_there() -> None:
    assert autograd.__all__ == sorted(autograd.__all__)
    for name in autograd.__all__:
        assert getattr(autograd, name).__doc__, name


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'gradient'"):
        getattr(autograd, "gradi" + "ent")


def test_both_packages_ship_their_types() -> None:
    assert (ROOT / "autograd" / "py.typed").is_file()
    assert (ROOT / "nn" / "py.typed").is_file()
