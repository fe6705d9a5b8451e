"""Matrix products on the thread that asks for them, so that results do not vary."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from itertools import product
from threading import Lock
from typing import Any, TypeAlias, cast

from autograd.tape.executor import Replayer

Get: TypeAlias = Callable[[], int]
Set: TypeAlias = Callable[[int], object]

ALONE = 1 << 18
"""OpenBLAS computes a product of up to this many multiplications on one thread anyway."""


class _OneThread:
    """Has BLAS use one thread for as long as anybody is inside, in whatever thread of Python.

    How many threads BLAS uses is a setting of the whole process.  If everybody who enters kept the number
    and put it back on leaving, two who overlap would put back the wrong one.  So the first who enters keeps
    the numbers, and the last who leaves puts them back, unless they were set to others in the meantime.
    Nobody is inside but while a large product is computed: a `threadpoolctl` limit that another thread enters
    at that very moment would restore the 1 that it found.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._inside = 0
        self._libraries: list[tuple[Get, Set]] | None = None
        self._before: list[int] = []

    def __enter__(self) -> None:
        with self._lock:
            if self._libraries is None:
                self._libraries = _blas_libraries()
            if self._inside == 0:
                self._before = [get() for get, _ in self._libraries]
                for _, set_to in self._libraries:
                    set_to(1)
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                for (get, set_to), threads in zip(self._libraries or [], self._before, strict=True):
                    if get() == 1:
                        set_to(threads)


def _blas_libraries() -> list[tuple[Get, Set]]:
    """Return what reads and what sets the threads of each BLAS that is loaded; none without threadpoolctl."""
    if find_spec("threadpoolctl") is None:
        return []
    controller = import_module("threadpoolctl").ThreadpoolController()
    libraries = controller.select(user_api="blas").lib_controllers
    return [(library.get_num_threads, _setter(library)) for library in libraries]


def _setter(library: Any) -> Set:
    """Return OpenBLAS's own function, if there is one: threadpoolctl's acts on one thread of Python only."""
    if getattr(library, "threading_layer", "") != "openmp":
        for prefix, suffix in product(("", "scipy_"), ("", "64_", "_64")):
            own = getattr(library.dynlib, f"{prefix}openblas_set_num_threads{suffix}", None)
            if own is not None:
                return cast(Set, own)
    return cast(Set, library.set_num_threads)


one_blas_thread = _OneThread()


def run_of(replayer: Replayer) -> Callable[..., Any]:
    """Return a replayer's `run`, on one thread of BLAS where a product is large enough to be shared."""
    run = replayer.run
    weights = max((p.weights.size * p.x.shape[1] for p in replayer.plan.varying_rows.products), default=0)
    if weights * replayer.lanes <= ALONE:
        return run

    def run_alone(X: Any, samples: Any = None, **arrays: Any) -> Any:
        lanes = min(len(X) if samples is None else len(samples), replayer.lanes)
        if weights * lanes <= ALONE:
            return run(X, samples, **arrays)
        with one_blas_thread:
            return run(X, samples, **arrays)

    return run_alone
