"""What `import autograd` loads, and what it leaves for later."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import autograd

ROOT = Path(autograd.__file__).parent.parent
LATER = ("command", "seeing", "tape", "testing", "source", "mistakes", "functional.transforms")
"""What an engine does without until somebody asks for it."""


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


def test_importing_autograd_loads_no_pictures_no_tape_and_no_checks() -> None:
    loaded = modules_loaded_by("import autograd")
    assert not {name for name in loaded if name.startswith(tuple(f"autograd.{room}" for room in LATER))}
    assert "nn" not in loaded


def test_no_module_hides_behind_a_function_of_its_name() -> None:
    import_module("autograd.seeing.walk")
    import_module("autograd.seeing.gallery")
    assert callable(autograd.walk)
    assert callable(autograd.gallery)


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
    assert len(set(autograd.__all__)) == len(autograd.__all__)
    for name in autograd.__all__:
        assert getattr(autograd, name).__doc__, name


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'gradient'"):
        getattr(autograd, "gradi" + "ent")


def test_both_packages_ship_their_types() -> None:
    assert (ROOT / "autograd" / "py.typed").is_file()
    assert (ROOT / "nn" / "py.typed").is_file()
