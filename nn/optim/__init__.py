"""Optimisers: how a parameter moves against its gradient.

Each update rule is written once, for one number and with plain arithmetic only: the same function
moves a single Parameter here, a whole vector of them, or is compiled for the tape.  The state that
a rule carries from step to step is kept in flat arrays, in the order of the parameters.
"""

from nn.checks import one_of
from nn.optim.adagrad import Adagrad
from nn.optim.adam import Adam, AdamW
from nn.optim.optimizer import Optimizer
from nn.optim.rmsprop import RMSprop
from nn.optim.settings import Parameters
from nn.optim.sgd import SGD

__all__ = ["OPTIMIZERS", "SGD", "Adagrad", "Adam", "AdamW", "Optimizer", "Parameters", "RMSprop", "by_name"]

OPTIMIZERS: dict[str, type[Optimizer]] = {
    "sgd": SGD,
    "adagrad": Adagrad,
    "rmsprop": RMSprop,
    "adam": Adam,
    "adamw": AdamW,
}


def by_name(name: str) -> type[Optimizer]:
    """Return the optimiser class of this name.

    Raises:
        TypeError: if the name is not a string.
        ValueError: if there is no such optimiser.

    >>> by_name("sgd")
    <class 'nn.optim.sgd.SGD'>
    """
    return one_of("optimiser", name, OPTIMIZERS)
