"""The picture of what an ONNX file is made of."""

from __future__ import annotations

from os import PathLike

from autograd.seeing import Drawing
from nn.checks import import_extra


def outline(path: str | PathLike[str], *, limit: int = 400, theme: str = "light") -> Drawing:
    """Draw the operators of an ONNX file as boxes, with the sizes of weights, and shapes on the arrows.

    The weights are not read: it may have far more than `nn.from_onnx` makes objects of, and operators that
    are not read there; what it keeps in other files need not be at hand.

    Args:
        path: the file.
        limit: at most this many boxes are drawn.
        theme: "light" or "dark".

    Raises:
        ImportError: if the package onnx is not installed.
        OSError: if the file is not there or cannot be read.
        ValueError: if it is not an ONNX file, or for too many boxes or an unknown theme.
    """
    import_extra("onnx", "outline", "onnx")
    from nn.exporting.onnx_files.outline import outline_of

    return outline_of(path, limit, theme)
