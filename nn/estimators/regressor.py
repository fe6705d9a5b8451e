"""The regressor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils import column_or_1d

from nn.checks import one_of
from nn.estimators.base import Array, BaseMLP

OUT_ACTIVATIONS = {"squared_error": "identity", "poisson": "exp"}
"""The activation of the outputs by the loss."""


class MLPRegressor(RegressorMixin, BaseMLP):
    """A multi-layer perceptron that predicts numbers, with the settings of scikit-learn's class.

    The loss is half the squared error, plus ``alpha``/2 · Σw² divided by the samples of the step.  From the
    same ``random_state`` it takes the course that scikit-learn's class takes.  There may be several targets
    per sample: their errors are added for the gradient, and averaged for the losses that are shown.

    Args:
        loss: squared_error; or poisson, half the deviance of counts from 0 up, with an exponential output.
        hidden_layer_sizes, activation, solver, alpha, batch_size, learning_rate, learning_rate_init, power_t,
            max_iter, shuffle, random_state, tol, verbose, warm_start, momentum, nesterovs_momentum,
            early_stopping, validation_fraction, beta_1, beta_2, epsilon, n_iter_no_change, max_fun, monitor:
            see `MLPClassifier`.

    Attributes:
        out_activation_: identity, or exp.
        validation_scores_, best_validation_score_: R² on what is held out; None without that.
        coefs_, intercepts_, loss_, loss_curve_, best_loss_, n_iter_, t_, n_features_in_, feature_names_in_,
            n_layers_, n_outputs_, model_, monitor_: see `MLPClassifier`.

    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [0.0, 2.0, 4.0, 6.0]
    >>> regressor = MLPRegressor(hidden_layer_sizes=(), solver="lbfgs", alpha=0.0, random_state=0).fit(X, y)
    >>> regressor.predict([[10.0]]).round(2)
    array([20.])
    """

    def __init__(
        self,
        loss: str = "squared_error",
        hidden_layer_sizes: int | Sequence[int] = (100,),
        activation: str = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: bool | int = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
        monitor: bool = False,
    ) -> None:
        self._keep(locals())

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def _check_settings(self) -> None:
        super()._check_settings()
        one_of("loss", self.loss, OUT_ACTIVATIONS)

    def _coded(self, y: Any, incremental: bool) -> Array:
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        targets: Array = y.reshape(len(y), -1)
        if self.loss == "poisson" and (targets < 0).any():
            raise ValueError(f"poisson counts are from 0 up; y has {targets.min()}")
        self.n_outputs_, self.out_activation_ = targets.shape[1], OUT_ACTIVATIONS[self.loss]
        return targets

    def _decoded(self, targets: Array) -> Any:
        return targets

    def _target(self, y: Any) -> Sequence[float]:
        return np.atleast_1d(np.asarray(y, float)).tolist()  # type: ignore[no-any-return]

    @property
    def _shown_losses(self) -> int:
        return self.n_outputs_ if self.loss == "squared_error" else 1

    def _score_of(self, outputs: Array, y: Any, weights: Array | None) -> float:
        return float(r2_score(y, outputs, sample_weight=weights)) if np.isfinite(outputs).all() else np.nan

    def predict(self, X: Any) -> Any:
        """Return the prediction for each row: a number, or a row of them if there are several targets."""
        outputs = self._checked_outputs(X)
        return outputs[:, 0] if outputs.shape[1] == 1 else outputs
