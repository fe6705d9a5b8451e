"""A neural-net layer on top of autograd, made of scalar Values.

>>> from nn import MLP, SGD, losses
>>> model = MLP(2, [4, 1], activation="tanh", seed=0)
>>> optimizer = SGD(model.parameters(), lr=0.1)
>>> for _ in range(100):
...     loss = losses.hinge(model([0.5, -1.0]), 1)
...     optimizer.zero_grad()
...     loss.backward()
...     optimizer.step()
>>> loss.data
0.0
"""

from autograd import Parameter
from nn import init, losses, optim, schedules
from nn.activations import PReLU
from nn.checkpoint import Checkpoint, CheckpointError, load, load_into, save
from nn.classifier import MLPClassifier
from nn.clipping import clip_grad_norm_, clip_grad_value_
from nn.dropout import Dropout
from nn.health import Monitor
from nn.history import History
from nn.layers import MLP, Layer, Neuron
from nn.module import Module
from nn.optim import SGD, Adagrad, Adam, AdamW, RMSprop
from nn.recurrent import GRUCell, LSTMCell, Recurrent, RNNCell
from nn.train import accuracy, fit, predict

__all__ = [
    "MLP",
    "SGD",
    "Adagrad",
    "Adam",
    "AdamW",
    "Checkpoint",
    "CheckpointError",
    "Dropout",
    "GRUCell",
    "History",
    "LSTMCell",
    "Layer",
    "MLPClassifier",
    "Module",
    "Monitor",
    "Neuron",
    "PReLU",
    "Parameter",
    "RMSprop",
    "RNNCell",
    "Recurrent",
    "accuracy",
    "clip_grad_norm_",
    "clip_grad_value_",
    "fit",
    "init",
    "load",
    "load_into",
    "losses",
    "optim",
    "predict",
    "save",
    "schedules",
]
