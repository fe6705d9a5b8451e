"""What other engines call things: the error says how it is written here, and that is so."""

from __future__ import annotations

import re

import pytest

import autograd
import nn
from autograd import Value
from autograd.notation.other_engines import OF_A_VALUE, OF_NN, OF_THE_PACKAGE


@pytest.mark.parametrize(
    ("name", "here"),
    [("_prev", "inputs"), ("item", "data"), ("requires_grad", "Constant"), ("is_leaf", "not v.inputs")],
)
def test_another_engines_attribute_of_a_value_is_translated(name: str, here: str) -> None:
    with pytest.raises(
        AttributeError, match=f"'Value' object has no attribute '{name}'; here it is .*{here}"
    ):
        getattr(Value(1.0), name)
    with pytest.raises(AttributeError, match="here it is"):
        setattr(Value(1.0), name, True)
    assert not hasattr(Value(1.0), name)
    assert not hasattr(Value, name)


@pytest.mark.parametrize(
    ("name", "here"), [("draw_dot", "draw"), ("vmap", "Tape.record"), ("Tensor", "Value")]
)
def test_another_engines_name_is_translated_however_it_is_asked_for(name: str, here: str) -> None:
    for statement, error in (
        (f"from autograd import {name}", ImportError),
        (f"from autograd import Value, {name} as other", ImportError),
        (f"import autograd; autograd.{name}", AttributeError),
    ):
        with pytest.raises(error, match=f"no attribute '{name}'; here it is .*{here}"):
            exec(statement, {})
    assert not hasattr(autograd, name)


@pytest.mark.parametrize(
    ("name", "here"), [("Linear", "Layer"), ("ModuleList", "list"), ("GRU", "Recurrent")]
)
def test_pytorchs_modules_are_translated(name: str, here: str) -> None:
    for statement, error in (
        (f"from nn import {name}", ImportError),
        (f"import nn; nn.{name}", AttributeError),
    ):
        with pytest.raises(error, match=f"no attribute '{name}'; here it is .*{here}"):
            exec(statement, {})


def test_other_names_get_no_advice() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        Value(1.0).nonsense  # type: ignore[attr-defined]  # noqa: B018
    with pytest.raises(ImportError, match=r"no attribute 'nonsense'$"):
        exec("from autograd import nonsense", {})


def test_a_translated_name_is_none_of_ours_and_the_translation_is() -> None:
    for names, of in ((OF_A_VALUE, Value(1.0)), (OF_THE_PACKAGE, autograd), (OF_NN, nn)):
        assert not [name for name in names if name in dir(of)]
        for here in names.values():
            first = re.match(r"\w+", here)
            if first and f"{first[0]}(" in here:
                assert hasattr(of, first[0])
