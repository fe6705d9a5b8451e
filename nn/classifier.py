"""A classifier in the form that scikit-learn's users know: fit, predict, predict_proba, score.

`MLPClassifier` is an `MLP` and a call of `fit` under the names and the defaults of scikit-learn's
class of the same name; it goes into a Pipeline or a GridSearchCV as that does.  Needs NumPy.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from importlib import import_module
from inspect import signature
from typing import Any, Self

from autograd.notation.hints import did_you_mean
from nn.checks import finite_number, import_extra, one_of, whole_number
from nn.data.samples import features
from nn.layers import MLP
from nn.losses import Penalised
from nn.optim import SGD, Adam, Optimizer
from nn.outputs import softmax_of
from nn.predictions import outputs_of
from nn.training.early_stopping import EarlyStopping
from nn.training.fit import fit
from nn.training.history import History

ACTIVATIONS = {"identity": "linear", "logistic": "sigmoid", "tanh": "tanh", "relu": "relu"}
"""The activations by scikit-learn's names, under ours."""
SOLVERS = ("adam", "sgd")
LARGEST_BATCH = 200
"""The batch size "auto", if there are as many samples."""


class MLPClassifier:
    """A multi-layer perceptron that tells classes apart, with the names of scikit-learn's class.

    The loss is the cross-entropy, of a softmax or for two classes of a logistic output, plus
    ``alpha``/2 · Σw² / ``batch_size``.  Unlike scikit-learn's, its weights start from the
    distribution that suits the activation (He's for relu) and its biases at 0, and it stops early
    only when the loss no longer falls, not when it falls by little.

    Args:
        hidden_layer_sizes: the neurons of each hidden layer.
        activation: that of the hidden layers: identity, logistic, tanh or relu.
        solver: adam, or sgd (with Nesterov's momentum by default).
        alpha: the strength of the L2 penalty.
        batch_size: samples per step, all if there are fewer; "auto" is 200.
        learning_rate_init: the learning rate, which stays the same.
        max_iter: the most epochs.
        shuffle: take the samples in a new order in each epoch.
        random_state: decides the starting weights and the orders; with None they differ from run to run.
        n_iter_no_change: end after this many epochs without a lower loss, with the best weights.
        momentum, nesterovs_momentum: those of sgd.

    Attributes:
        classes_: the classes, sorted.
        model_: the trained `MLP`, to be drawn and walked through as any other.
        history_: what `fit` recorded.
        loss_curve_: the loss of each epoch.
        n_iter_: how many epochs there were.
        n_features_in_: the number of inputs.

    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], ["low", "low", "high", "high"]
    >>> classifier = MLPClassifier((4,), random_state=0, learning_rate_init=0.1).fit(X, y)
    >>> classifier.predict([[0.5], [2.5]]).tolist()
    ['low', 'high']
    """

    def __init__(
        self,
        hidden_layer_sizes: int | Sequence[int] = (100,),
        activation: str = "relu",
        *,
        solver: str = "adam",
        alpha: float = 1e-4,
        batch_size: int | str = "auto",
        learning_rate_init: float = 1e-3,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: int | None = None,
        n_iter_no_change: int = 10,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.n_iter_no_change = n_iter_no_change
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum

    # ------------------------------------------------------------------------- to learn and to say

    def fit(self, X: Any, y: Any) -> Self:
        """Train a new network on the samples; return the classifier itself.

        Args:
            X: one row of numbers per sample.
            y: the class of each: numbers or texts, at least two different ones.

        Raises:
            TypeError, ValueError: if a setting is out of its range, or the samples are not such samples.
        """
        table = import_extra("numpy", "MLPClassifier").asarray(features(X), float)
        self.begin(table, y)
        return self.train(table, y)

    def begin(self, X: Any, y: Any) -> None:
        """Make a new, untrained network that suits the samples: the first half of `fit`."""
        classes = import_extra("numpy", "MLPClassifier").unique(_labels(y))
        if len(classes) < 2:
            raise ValueError(f"a classifier tells two classes apart, or more; y has {len(classes)}")
        activation = one_of("activation", self.activation, ACTIVATIONS)
        sizes = [*_sizes(self.hidden_layer_sizes), 1 if len(classes) == 2 else len(classes)]
        self.model_ = MLP(len(X[0]), sizes, activation=activation, seed=self.random_state)
        self.classes_, self.n_features_in_ = classes, len(X[0])

    def train(self, X: Any, y: Any) -> Self:
        """Train the network as it is: the second half of `fit`."""
        numpy = import_extra("numpy", "MLPClassifier")
        labels = _labels(y)
        if len(labels) != len(X):
            raise ValueError(f"X has {len(X)} rows, but y has {len(labels)}: one per sample")
        auto = self.batch_size == "auto"
        batch = min(LARGEST_BATCH if auto else whole_number("batch_size", self.batch_size), len(X))
        self.history_: History = fit(
            self.model_,
            X,
            numpy.searchsorted(self.classes_, labels),
            loss=Penalised(
                "binary_cross_entropy" if len(self.classes_) == 2 else "cross_entropy",
                l2=finite_number("alpha", self.alpha, at_least=0.0) / 2 / batch,
            ),
            optimizer=self._optimizer(),
            epochs=self.max_iter,
            batch_size=batch,
            seed=self._seed(),
            callbacks=[EarlyStopping(self.n_iter_no_change)],
            progress=False,
        )
        self.loss_curve_, self.n_iter_ = self.history_["loss"], len(self.history_)
        return self

    def predict_proba(self, X: Any) -> Any:
        """Return the probability of each class for each row, shape (rows, classes)."""
        if not self.__sklearn_is_fitted__():
            raise ValueError("this MLPClassifier has learned nothing yet; call fit(X, y) first")
        return softmax_of(outputs_of(self.model_, features(X, columns=self.n_features_in_)))

    def predict(self, X: Any) -> Any:
        """Return the likeliest class of each row."""
        likeliest = self.predict_proba(X).argmax(axis=1)
        return self.classes_[likeliest]

    def score(self, X: Any, y: Any) -> float:
        """Return the share of the rows whose class is predicted right."""
        return float((self.predict(X) == _labels(y)).mean())

    # --------------------------------------------------------------------- what scikit-learn asks for

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the settings by name."""
        return {name: getattr(self, name) for name in _settings()}

    def set_params(self, **settings: Any) -> Self:
        """Change settings; return the classifier itself.

        Raises:
            ValueError: for a name that is not a setting; nothing is changed then.
        """
        for name in settings:
            if name not in _settings():
                raise ValueError(
                    f"MLPClassifier has no setting {name!r}{did_you_mean(name, _settings(), otherwise='.')}"
                )
        for name, x in settings.items():
            setattr(self, name, x)
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "history_")

    def __sklearn_tags__(self) -> Any:
        utils = import_module("sklearn.utils")
        return utils.Tags(
            estimator_type="classifier",
            target_tags=utils.TargetTags(required=True),
            classifier_tags=utils.ClassifierTags(),
        )

    def __repr__(self) -> str:
        defaults = {name: p.default for name, p in signature(type(self)).parameters.items()}
        changed = [f"{name}={x!r}" for name, x in self.get_params().items() if x != defaults[name]]
        return f"MLPClassifier({', '.join(changed)})"

    # ---------------------------------------------------------------------------------- workings

    def _seed(self) -> int | None:
        """Return what decides the order of the samples."""
        if not self.shuffle:
            return None
        return random.randrange(2**32) if self.random_state is None else self.random_state

    def _optimizer(self) -> Optimizer:
        one_of("solver", self.solver, dict.fromkeys(SOLVERS))
        parameters = self.model_.parameters()
        if self.solver == "adam":
            return Adam(parameters, lr=self.learning_rate_init)
        nesterov = bool(self.nesterovs_momentum and self.momentum)
        return SGD(parameters, lr=self.learning_rate_init, momentum=self.momentum, nesterov=nesterov)


def _settings() -> list[str]:
    return list(signature(MLPClassifier).parameters)


def _labels(y: Any) -> Any:
    """Return the targets as an array, one per sample."""
    labels = import_extra("numpy", "MLPClassifier").asarray(y)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1 or not len(labels):
        raise ValueError(f"y holds the class of each sample; got an array of shape {labels.shape}")
    if labels.dtype.kind == "f" and not import_extra("numpy", "MLPClassifier").isfinite(labels).all():
        raise ValueError("y holds classes; one of them is not a finite number")
    return labels


def _sizes(sizes: Any) -> list[int]:
    return list(sizes) if isinstance(sizes, Iterable) else [sizes]
