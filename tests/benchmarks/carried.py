"""What is lost when ops and networks are carried away: ``python -m tests.benchmarks.carried``.

By how much of its size a number is wrong at most, of every op of the table and of every Module: as a program
in C, in NumPy and in JavaScript with its gradient, as an ONNX file in onnxruntime, as a module of PyTorch,
and that module as a network again.  What is not installed is left out with a word.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from autograd import Value
from autograd.core.primitive import TABLE, Op
from autograd.source.program import Graph
from autograd.tape import Tape, onnx_model
from autograd.value import apply
from nn import from_torch, to_onnx, to_torch
from tests.autograd.source.corners import inputs_of, off
from tests.autograd.source.running import Run, errors, scripts
from tests.benchmarks.rows import installed
from tests.browsers import chromium, path_of_chromium
from tests.nn.exporting.modules import MODULES, graph_of, outputs_of
from tests.strategies import samples_of

COLUMNS = ("C", "NumPy", "JavaScript", "ONNX", "to_torch", "and back")
Errors = dict[str, float]


def worst(found: Any, wanted: Any) -> float:
    """By how much the worst of some rows of numbers is wrong; a row's largest number is its scale."""
    wanted = np.asarray(wanted, float)
    pairs = zip(np.reshape(found, wanted.shape), wanted, strict=True)
    return max(
        off(a, b, max(map(abs, row)))
        for y, row in pairs
        for a, b in zip(y.tolist(), row.tolist(), strict=True)
    )


def in_onnxruntime(model: bytes) -> Callable[[Any], Any]:
    """A function of samples."""
    import onnxruntime

    session = onnxruntime.InferenceSession(model)
    (name,) = (node.name for node in session.get_inputs())
    return lambda X: np.concatenate(
        [y.reshape(len(X), -1) for y in session.run(None, {name: np.asarray(X, float)})], axis=1
    )


def of_ops(folder: Path, javascript: Run | None, there: Mapping[str, bool]) -> Iterator[tuple[str, Errors]]:
    """Yield each op with its errors, corners of its domain included but for ONNX, in which they differ."""
    cases = []
    for op in TABLE.values():
        n = op.arity or 7
        graph = Graph.of(apply(op, tuple(Value(0.5, f"x{i}") for i in range(n))))
        cases.append((graph, list(inputs_of(op, n))))
    for op, found in zip(TABLE.values(), errors(cases, folder, javascript), strict=True):
        if there["onnxruntime"]:
            found["ONNX"] = of_op_in_onnx(op)
        yield op.name, found


def of_op_in_onnx(op: Op) -> float:
    """By how much an op is wrong in onnxruntime, within its domain."""
    n = op.arity or 3
    X = [row for row in samples_of(op, 400) if len(row) == n]
    tape = Tape.record(lambda x: apply(op, tuple(x)), X[0])
    return worst(
        in_onnxruntime(onnx_model(tape).SerializeToString())(X), [[op.evaluate(row)[0]] for row in X]
    )


def of_modules(
    folder: Path, javascript: Run | None, there: Mapping[str, bool]
) -> Iterator[tuple[str, Errors]]:
    """Yield each Module with its errors."""
    for name, (make, X) in MODULES.items():
        (found,) = errors([graph_of(name)], folder, javascript)
        model = make().eval()
        samples = [X] if isinstance(X[0], int) else X
        wanted = outputs_of(model, samples)
        if there["onnxruntime"]:
            to_onnx(model, folder / "m.onnx", samples[0])
            found["ONNX"] = worst(in_onnxruntime((folder / "m.onnx").read_bytes())(samples), wanted)
        if there["torch"]:
            import torch

            module = to_torch(model)
            with torch.no_grad():
                y = module(torch.from_numpy(np.array(samples)))
            y = torch.cat(y, 1) if isinstance(y, tuple) else y
            found["to_torch"] = worst(y.numpy(), wanted)
            found["and back"] = worst(outputs_of(from_torch(module), samples), wanted)
        yield name, found


def main() -> None:
    there = installed("onnxruntime", "torch", "playwright")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        javascript = None
        if there["playwright"] and path_of_chromium():
            javascript = stack.enter_context(scripts(stack.enter_context(chromium())))
        for title, lines in (
            ("op", of_ops(folder, javascript, there)),
            ("Module", of_modules(folder, javascript, there)),
        ):
            most: Errors = {}
            print(f"\n{title:22}" + "".join(f"{column:>12}" for column in COLUMNS))
            for name, found in lines:
                print(f"{name:22}" + "".join(_cell(found.get(column)) for column in COLUMNS), flush=True)
                most |= {column: max(x, most.get(column, 0.0)) for column, x in found.items()}
            print(f"{'the largest':22}" + "".join(_cell(most.get(column)) for column in COLUMNS))


def _cell(error: float | None) -> str:
    return f"{'' if error is None else f'{error:.1e}' if error else '0':>12}"


if __name__ == "__main__":
    main()
