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
from nn import init, losses, optim
from nn.history import History
from nn.layers import MLP, Layer, Neuron
from nn.module import Module
from nn.optim import SGD, Adagrad, Adam, AdamW, RMSprop
from nn.train import accuracy, fit, predict

__all__ = [
    "MLP",
    "SGD",
    "Adagrad",
    "Adam",
    "AdamW",
    "History",
    "Layer",
    "Module",
    "Neuron",
    "Parameter",
    "RMSprop",
    "accuracy",
    "fit",
    "init",
    "losses",
    "optim",
    "predict",
]
