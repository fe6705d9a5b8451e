"""Arrays of Values in a function that is being recorded: NumPy's branches follow the data.

NumPy computes ``np.maximum`` of objects by comparing them, which would keep one sample's branch for all
data.  Here what has an op of its own, such as ``maximum``, ``where`` or a comparison, becomes that op in
every place.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.core.recording import refuse_branch
from autograd.protocols import OWN_FUNCTIONS, ForNumPy


class ValueArray(np.ndarray[Any, Any]):
    """An array of Values.

    >>> from autograd import Value
    >>> x = with_own_functions(np.array([Value(2.0), Value(-3.0)]))
    >>> [v.data for v in np.where(x > 0, x, -10 * x)], np.max(x).data
    ([2.0, 30.0], 2.0)
    """

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        """Apply a function of numbers place by place: ours if there is one, else NumPy's own."""
        own = OWN_FUNCTIONS.get(ufunc.__name__)
        arrays = list(map(_plain, inputs))
        if "out" in kwargs:
            kwargs["out"] = tuple(map(_plain, kwargs["out"]))
        if own and method == "reduce" and kwargs.get("axis", 0) is None:  # over all axes: along one
            arrays[0], kwargs["axis"] = arrays[0].reshape(-1), 0
        function = np.frompyfunc(own, ufunc.nin, 1) if own else ufunc
        return _array(getattr(function, method)(*arrays, **kwargs))

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        """Call a function of arrays: ours if there is one, else NumPy's own."""
        if function is np.where and not kwargs and len(args) == 3:
            return _array(np.frompyfunc(OWN_FUNCTIONS["where"], 3, 1)(*map(_plain, args)))
        return _array(super().__array_function__(function, (), args, kwargs))

    def __getitem__(self, key: Any) -> Any:
        """Return a part; a condition as an index is a branch."""
        if isinstance(key, ForNumPy | ValueArray):
            refuse_branch("an index that is computed from Values")
        return super().__getitem__(key)


def with_own_functions(x: Any) -> Any:
    """Return a structure with every array of Values in it as a `ValueArray`."""
    if isinstance(x, np.ndarray):
        return _array(x)
    if isinstance(x, dict):
        return {key: with_own_functions(part) for key, part in x.items()}
    if isinstance(x, list):
        return [with_own_functions(part) for part in x]
    if isinstance(x, tuple):
        parts = [with_own_functions(part) for part in x]
        return type(x)(*parts) if hasattr(x, "_fields") else tuple(parts)
    return x


def _array(x: Any) -> Any:
    return x.view(ValueArray) if isinstance(x, np.ndarray) and x.dtype == object else x


def _plain(x: Any) -> Any:
    """Return an array as NumPy's own, and a Value as one of no dimensions: neither is asked again."""
    if isinstance(x, ValueArray):
        return x.view(np.ndarray)
    if isinstance(x, ForNumPy):
        box = np.empty((), object)
        box[()] = x
        return box
    return x
