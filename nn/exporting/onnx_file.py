"""Any network as an ONNX file: known Modules as operators, and what one's own compute as it was recorded.

What stands in the file is decided in `nn.exporting.onnx_files.operators`.  The way back is
`nn.exporting.onnx_files.reading`.
"""

from __future__ import annotations

from functools import wraps
from os import PathLike
from pathlib import Path
from typing import Any

from autograd.files.atomic_write import write_whole
from autograd.notation.hints import described
from nn.checks import import_extra
from nn.exporting.onnx_files.network import OnnxNetwork
from nn.module import Module, mode


def to_onnx(model: Module, path: str | PathLike[str], *sample: Any, dtype: str = "float64") -> None:
    """Write a network to an ONNX file, which onnxruntime and other programs open for any number of samples.

    Modules of this library are written as ONNX's operators, such as Gemm and Conv, called after their place:
    ``layers.0``; weights have the names that `nn.save` gives them: ``layers.0.weight``.  What ONNX does not
    have, or runtimes do not have in double precision, is one node too, a function of the file made of
    operators.  What a Module or function of yours computes between them for one sample is recorded, and
    written operation by operation; a Module of yours that takes something else than one array is recorded as
    a whole.  Everything is out of training.  Inputs are called as the arguments of its call, of the
    sample's shape with the samples along a new first axis; ids of tokens are floats.  What no Module takes,
    such as an unknown id, or a document longer than the context, comes out as nan.

    Sequences and documents may have any length in a `Recurrent`, a `Transformer`, an `Embedding`,
    an `Attention` or a `Block`, and in a `Sequential` of these with whatever comes after a last state; all
    samples of a call have the same.  What another Module computes has the length of the sample: there a
    longer sequence is refused by whoever reads the file.  Build such a network of these, or export it once
    for each length.

    Args:
        model: any Module.
        path: the file; it appears whole or not at all.
        sample: what the network takes, such as a list of numbers.  It may be left out where the length is
            free, and for a network that has ``nin`` inputs and nothing else.
        dtype: "float64" or "float32", of inputs, outputs and everything between.  In double precision,
            outputs differ from ``model(x)`` by rounding only.

    Raises:
        ImportError: if the package onnx is not installed.
        TypeError, ValueError: if the sample does not suit the model, or one is wanted.
        NotImplementedError: if an op cannot be written; the message names it and the Modules it is in.
        OSError: if the file cannot be written.
    """
    import_extra("onnx", "to_onnx", "onnx")
    import_extra("autograd.tape", "to_onnx")
    if not isinstance(model, Module):
        raise TypeError(f"to_onnx exports an nn.Module; got {described(model)}")
    from nn.exporting.onnx_files.operators import known_model

    with mode(model, training=False):
        made = known_model(model, dtype, *sample) or _as_long_as(model, sample, dtype)
    write_whole(Path(path), made.SerializeToString())


def from_onnx(path: str | PathLike[str]) -> OnnxNetwork:
    """Return the network in an ONNX file of these operators as a Module: to see through, and to train.

    They are the keys of `nn.exporting.onnx_files.values.OPERATORS`, whatever program wrote the file; an error
    about another operator lists them too.
    Each node is a Module in it, called as in the file, of the class of its operator, such as Conv, and its
    weights are Parameters: ``model.parameters()`` finds them.  It computes with Values what the file does for
    one sample, out of training: an input whose first axis is of any length, or of one, is given without it,
    and so are outputs.  Several inputs are several arguments; several outputs a dictionary by their names.
    Numbers of single precision are taken as they are, and what is computed of them is in double precision.

    What is not learned stays fixed: whole numbers, a single number, a mask of 0 and −∞, running means and
    variances, and the numbers of Constant nodes; also weights of which one is nan or infinite, with a
    warning.  Any other array is weights: a mask of finite numbers, such as −3.4e38, is one too:
    give the optimiser the other Parameters only.

    Args:
        path: the file; arrays that it keeps in other files have to be in its folder.

    Raises:
        ImportError: if the package onnx is not installed.
        OSError: if the file is not there or cannot be read.
        ValueError: naming the file, and what is wrong with it: a node that is not read, with its operator and
            those that are, or that it is damaged or too large.
    """
    import_extra("onnx", "from_onnx", "onnx")
    from nn.exporting.onnx_files.reading import read

    return read(path)


def _as_long_as(model: Module, sample: tuple[Any, ...], dtype: Any) -> Any:
    """Return a network as an ONNX model that takes what is as long as the sample."""
    from autograd.tape import Tape, onnx_model

    kind, nin = type(model).__name__, getattr(model, "nin", None)

    @wraps(getattr(model, "forward", model), ("__doc__",), ())  # for the names of its arguments
    def call(*inputs: Any) -> Any:
        return model(*inputs)

    if not sample and isinstance(model, OnnxNetwork):
        sample = model.zeros()
    if not sample and isinstance(nin, int):
        sample = ([0.0] * nin,)
    try:
        recorded = Tape.record(call, *sample, dtype=dtype)
    except (TypeError, ValueError) as error:
        error.add_note(f"to_onnx(model, path, x) takes a sample x of what this {kind} takes")
        raise
    return onnx_model(recorded)
