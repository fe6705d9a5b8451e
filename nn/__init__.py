"""A neural-net layer on top of autograd, made of scalar Values.

>>> from nn import MLP, SGD, losses
>>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [-1, 1, 1, -1]  # either, but not both
>>> model = MLP(2, [8, 1], activation="tanh", seed=1)
>>> optimizer = SGD(model.parameters(), lr=0.2)
>>> for epoch in range(100):
...     loss = sum(losses.hinge(model(x), t) for x, t in zip(X, y)) / len(X)
...     optimizer.zero_grad()
...     loss.backward()
...     optimizer.step()
>>> [model(x).data > 0 for x in X]
[False, True, True, False]

`fit` is this loop, with the batches, the checks and the records around it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from autograd import Parameter, __version__
from autograd.files.tensorfile import CheckpointError
from autograd.notation.other_engines import OF_NN, in_an_import, written_here
from nn import init, losses, optim, schedules
from nn.activations import Elementwise, PReLU
from nn.attention import Attention
from nn.callbacks import Callback
from nn.checks import import_extra
from nn.clipping import Clip, clip_grad_norm_, clip_grad_value_
from nn.construction import loadable
from nn.containers import Lambda, Sequential
from nn.convolution import (
    AvgPool1d,
    AvgPool2d,
    Conv1d,
    Conv2d,
    Flatten,
    MaxPool1d,
    MaxPool2d,
    Reshape,
)
from nn.data.samples import Weighted
from nn.dropout import Dropout
from nn.embedding import Embedding
from nn.exporting.onnx_file import from_onnx, to_onnx
from nn.exporting.pytorch import from_torch, to_torch
from nn.health.monitor import Monitor
from nn.layers import MLP, Layer, Neuron
from nn.module import Module
from nn.normalisation import LayerNorm, RMSNorm
from nn.optim import SGD, Adagrad, Adam, AdamW, RMSprop
from nn.predictions import accuracy, classify, predict, probabilities
from nn.recurrent import GRUCell, LSTMCell, Recurrent, RNNCell
from nn.saving.checkpoint import Checkpoint, load, load_into, save
from nn.training.checkpointing import ModelCheckpoint
from nn.training.early_stopping import EarlyStopping
from nn.training.fit import fit
from nn.training.history import History
from nn.training.resume import Resume
from nn.transformer import Block, FeedForward, Transformer

if TYPE_CHECKING:
    from nn.estimators import MLPClassifier as MLPClassifier
    from nn.estimators import MLPRegressor as MLPRegressor

ESTIMATORS = ("MLPClassifier", "MLPRegressor")
"""What needs scikit-learn, and is loaded when it is first asked for."""

__all__ = [
    "MLP", "SGD", "Adagrad", "Adam", "AdamW", "Attention", "AvgPool1d", "AvgPool2d", "Block", "Callback",
    "Checkpoint", "CheckpointError", "Clip", "Conv1d", "Conv2d", "Dropout", "EarlyStopping", "Elementwise",
    "Embedding", "FeedForward", "Flatten", "GRUCell", "History", "LSTMCell", "Lambda", "Layer", "LayerNorm",
    "MaxPool1d", "MaxPool2d", "ModelCheckpoint", "Module", "Monitor", "Neuron", "PReLU", "Parameter",
    "RMSNorm", "RMSprop", "RNNCell", "Recurrent", "Reshape", "Resume", "Sequential", "Transformer",
    "Weighted", "__version__", "accuracy", "classify", "clip_grad_norm_", "clip_grad_value_", "fit",
    "from_onnx", "from_torch", "init", "load", "load_into", "loadable", "losses", "optim", "predict",
    "probabilities", "save", "schedules", "to_onnx", "to_torch",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Load an estimator on first use: it inherits from scikit-learn's base class."""
    if name not in ESTIMATORS:
        message = f"module 'nn' has no attribute {name!r}{written_here(name, OF_NN)}"
        raise (ImportError(message, name=name) if in_an_import() else AttributeError(message, name=name))
    import_extra("sklearn", name)
    return getattr(import_module("nn.estimators"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *ESTIMATORS} - {"OF_NN", "in_an_import", "written_here"})
