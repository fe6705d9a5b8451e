"""Matrix products on the threads that a tape has, so that results do not vary."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
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


class _Limit:
    """Has BLAS use so many threads for as long as anybody is inside, in whatever thread of Python.

    How many threads BLAS uses is a setting of the whole process.  If everybody who enters kept the number
    and put it back on leaving, two who overlap would put back the wrong one.  So the first who enters keeps
    the numbers, and the last who leaves puts them back, unless they were set to others in the meantime; in
    between, the lowest number that is asked for counts.  Nobody is inside but while a large product is
    computed: a `threadpoolctl` limit that another thread enters at that very moment would restore the
    number that it found.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._asked: list[int] = []
        self._libraries: list[tuple[Get, Set]] | None = None
        self._before: list[int] = []
        self._now: list[int] = []

    @contextmanager
    def __call__(self, threads: int) -> Iterator[None]:
        with self._lock:
            if self._libraries is None:
                self._libraries = _blas_libraries()
            if not self._asked:
                self._before = [get() for get, _ in self._libraries]
                self._now = list(self._before)
            self._asked.append(threads)
            self._change()
        try:
            yield
        finally:
            with self._lock:
                self._asked.remove(threads)
                self._change()

    def _change(self) -> None:
        for k, (get, set_to) in enumerate(self._libraries or []):
            wanted = min(self._asked, default=self._before[k])
            if wanted != self._now[k] == get():
                set_to(wanted)
                self._now[k] = get()


def _blas_libraries() -> list[tuple[Get, Set]]:
    """Return what reads and what sets the threads of each BLAS that is loaded; none without threadpoolctl."""
    if find_spec("threadpoolctl") is None:
        return []
    controller = import_module("threadpoolctl").ThreadpoolController()
    return list(map(_functions, controller.select(user_api="blas").lib_controllers))


def _functions(library: Any) -> tuple[Get, Set]:
    """Return OpenBLAS's own functions, if there are such: they are fast, and act on all threads of Python."""
    if getattr(library, "threading_layer", "") != "openmp":
        for prefix, suffix in product(("", "scipy_"), ("", "64_", "_64")):
            names = [f"{prefix}openblas_{verb}_num_threads{suffix}" for verb in ("get", "set")]
            if all(hasattr(library.dynlib, name) for name in names):
                return cast(tuple[Get, Set], tuple([getattr(library.dynlib, name) for name in names]))
    return library.get_num_threads, cast(Set, library.set_num_threads)


blas_limited_to = _Limit()


def run_of(replayer: Replayer) -> Callable[..., Any]:
    """Return a replayer's `run`, with BLAS limited to what it asks for where products are large."""
    run = replayer.run
    weights = max((p.weights.size * p.x.shape[1] for p in replayer.plan.varying_rows.products), default=0)
    if weights * replayer.lanes <= ALONE:
        return run

    def run_limited(X: Any, samples: Any = None, **arrays: Any) -> Any:
        count = len(X) if samples is None else len(samples)
        if weights * min(count, replayer.lanes) <= ALONE:
            return run(X, samples, **arrays)
        with blas_limited_to(replayer.blas_threads(count)):
            return run(X, samples, **arrays)

    return run_limited
