"""What both estimators share: settings, checks, and the course of a fit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from itertools import pairwise
from math import inf
from numbers import Real
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, is_classifier
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_array, check_consistent_length, check_is_fitted, validate_data

from nn.checks import finite_number, one_of, whole_number, yes_or_no
from nn.estimators.descent import STOCHASTIC, Objective, Samples, batch_size, lbfgs, stochastic
from nn.estimators.network import HIDDEN, Form
from nn.estimators.showing import Shown, Watch

Array = NDArray[Any]

SOLVERS = (*STOCHASTIC, "lbfgs")
RATES = ("constant", "invscaling", "adaptive")

FROM_0_UP = partial(finite_number, at_least=0.0)
FROM_0_TO_1 = partial(finite_number, at_least=0.0, at_most=1.0)
BELOW_1 = partial(finite_number, at_least=0.0, below=1.0)
ABOVE_0 = partial(finite_number, above=0.0)
SWITCHES = ("shuffle", "warm_start", "nesterovs_momentum", "early_stopping", "monitor")

RANGES: dict[str, Callable[[str, Any], Any]] = {
    "alpha": FROM_0_UP, "learning_rate_init": ABOVE_0, "power_t": FROM_0_UP, "max_iter": whole_number,
    "tol": FROM_0_UP, "momentum": FROM_0_TO_1, "validation_fraction": BELOW_1, "beta_1": BELOW_1,
    "beta_2": BELOW_1, "epsilon": ABOVE_0, "max_fun": whole_number, **dict.fromkeys(SWITCHES, yes_or_no),
}  # fmt: skip
"""What each setting may be that is a number, or is on or off."""


def is_stochastic(estimator: Any) -> bool:
    """Return whether the estimator learns in batches, as `partial_fit` needs it.

    Raises:
        AttributeError: if it does not.
    """
    if estimator.solver not in STOCHASTIC:
        raise AttributeError(
            f"partial_fit learns in batches, by the solvers {' and '.join(STOCHASTIC)}; this one has "
            f"{estimator.solver!r}"
        )
    return True


class BaseMLP(Shown, BaseEstimator):
    """The base of `MLPClassifier` and `MLPRegressor`, which describe the settings and the attributes."""

    def _keep(self, given: Mapping[str, Any]) -> None:
        """Keep the settings as they are given, unchecked, as scikit-learn wants it of a constructor."""
        for name in self._get_param_names():
            setattr(self, name, given[name])

    @property
    def form(self) -> Form:
        check_is_fitted(self)
        sizes = (*(len(W) for W in self.coefs_), self.coefs_[-1].shape[1])
        return Form(sizes, self.activation, self.out_activation_)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    # ------------------------------------------------------------------------------------- learning

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train a network on the samples; return the estimator itself.

        Args:
            X: one row of numbers per sample: an array, a frame, or a sparse matrix.
            y: the targets: one per sample, or a row of them.
            sample_weight: how much each sample counts; all alike by default.

        Raises:
            TypeError, ValueError: if a setting is out of its range, or the samples are not such samples.
        """
        return self._learn(X, y, sample_weight, incremental=False)

    @available_if(is_stochastic)  # type: ignore[untyped-decorator]
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Go through the samples once, from where the last call ended; return the estimator itself.

        Args:
            X, y, sample_weight: see `fit`.
        """
        return self._learn(X, y, sample_weight, incremental=True)

    def _learn(self, X: Any, y: Any, sample_weight: Any, incremental: bool) -> Self:
        self._check_settings()
        sizes = self._hidden_sizes()
        first = not hasattr(self, "coefs_") or not (self.warm_start or incremental)
        X, y = validate_data(
            self, X, y, accept_sparse="csr", multi_output=True, y_numeric=not is_classifier(self),
            dtype=(np.float64, np.float32), reset=first,
        )  # fmt: skip
        targets = self._coded(y, incremental)
        weights = self._weights(sample_weight, X, y, incremental)
        random_state = check_random_state(self.random_state)
        layers = (X.shape[1], *sizes, self.n_outputs_)
        if first:
            self._begin(layers, X.dtype, random_state)
        elif layers != self.form.sizes:
            raise ValueError(f"the network continues with its layers {self.form.sizes}; got {layers}")
        if self.solver == "lbfgs":
            objective = self._objective(X, targets, weights)
            lbfgs(self, objective)
        else:
            objective = self._descend(X, targets, weights, random_state, incremental)
        self.coefs_, self.intercepts_ = objective.weights()
        if not all(np.isfinite(a).all() for a in (*self.coefs_, *self.intercepts_)):
            raise ValueError(
                "Solver produced non-finite parameter weights. The input data may contain large values and "
                "need to be preprocessed."
            )
        return self

    def _begin(self, layers: tuple[int, ...], dtype: Any, random_state: Any) -> None:
        """Start a new network, as Glorot and Bengio (2010) do, in scikit-learn's order of random numbers."""
        self.n_iter_ = self.t_ = self._no_improvement_count = 0
        self.n_layers_ = len(layers)
        factor = 2.0 if self.activation == "logistic" else 6.0
        self.coefs_, self.intercepts_ = [], []
        for nin, nout in pairwise(layers):
            bound = np.sqrt(factor / (nin + nout))
            self.coefs_.append(random_state.uniform(-bound, bound, (nin, nout)).astype(dtype, copy=False))
            self.intercepts_.append(random_state.uniform(-bound, bound, nout).astype(dtype, copy=False))
        if self.solver in STOCHASTIC:
            self.loss_curve_: list[float] = []
            by_score = self.early_stopping
            self.best_loss_ = None if by_score else inf
            self.validation_scores_: list[float] | None = [] if by_score else None
            self.best_validation_score_ = -inf if by_score else None

    def _objective(self, X: Any, targets: Array, weights: Array | None) -> Objective:
        return Objective(
            self.form, self.coefs_, self.intercepts_, Samples(X, targets, weights), float(self.alpha)
        )

    def _descend(
        self, X: Any, targets: Array, weights: Array | None, random_state: Any, incremental: bool
    ) -> Objective:
        """Learn by a stochastic solver, from all samples or from those that are not held out."""
        score = None
        if self.early_stopping:
            if incremental:
                raise ValueError("partial_fit does not support early_stopping=True")
            held_out = partial(
                train_test_split, random_state=random_state, test_size=self.validation_fraction,
                stratify=targets if is_classifier(self) and self.n_outputs_ == 1 else None,
            )  # fmt: skip
            if weights is None:
                X, X_held, targets, held = held_out(X, targets)
                weights_held = None
            else:
                X, X_held, targets, held, weights, weights_held = held_out(X, targets, weights)
            if X_held.shape[0] < 2:
                raise ValueError(
                    f"validation_fraction={self.validation_fraction!r} holds {X_held.shape[0]} samples out; "
                    "increase it, or take more samples: two are the fewest"
                )
            y_held = self._decoded(held)

            def score() -> float:
                self.coefs_, self.intercepts_ = objective.weights()
                return float(self._score_of(self._outputs(X_held), y_held, weights_held))

        objective = self._objective(X, targets, weights)
        batch = batch_size(self.batch_size, objective.samples.count)
        if not (incremental and hasattr(self, "_solver")):
            self._solver = STOCHASTIC[self.solver](self, len(objective.vector), objective.samples.dtype)
        watch = None
        if self.monitor:
            epochs = 1 if incremental else self.max_iter
            self.monitor_, watch = Watch.over(self, objective, epochs, batch)
        stochastic(self, objective, score, batch, random_state, incremental, watch)
        return objective

    def _outputs(self, X: Any) -> Array:
        return self.form.outputs(X, self.coefs_, self.intercepts_)

    def _checked_outputs(self, X: Any) -> Array:
        """Return the outputs for rows that are checked to suit the network."""
        check_is_fitted(self)
        return self._outputs(validate_data(self, X, accept_sparse="csr", reset=False))

    # ------------------------------------------------------------------------------------- checks

    def _check_settings(self) -> None:
        for name, check in RANGES.items():
            check(name, getattr(self, name))
        one_of("activation", self.activation, HIDDEN)
        one_of("solver", self.solver, dict.fromkeys(SOLVERS))
        one_of("learning_rate", self.learning_rate, dict.fromkeys(RATES))
        if self.batch_size != "auto":
            whole_number("batch_size", self.batch_size)
        if self.n_iter_no_change != inf:
            whole_number("n_iter_no_change", self.n_iter_no_change)
        if not isinstance(self.verbose, bool):
            whole_number("verbose", self.verbose, at_least=0)

    def _hidden_sizes(self) -> list[int]:
        sizes = self.hidden_layer_sizes
        sizes = list(sizes) if isinstance(sizes, Iterable) else [sizes]
        return [whole_number("hidden_layer_sizes", n) for n in sizes]

    def _weights(self, sample_weight: Any, X: Any, y: Any, incremental: bool) -> Array | None:
        """Return the weight of each sample; None if all are alike."""
        if sample_weight is None:
            return None
        if isinstance(sample_weight, Real):
            return np.full(X.shape[0], sample_weight, X.dtype)
        weights: Array = check_array(
            sample_weight, ensure_2d=False, dtype=X.dtype, input_name="sample_weight"
        )
        if weights.ndim != 1:
            raise ValueError(f"sample_weight has one number per sample; got the shape {weights.shape}")
        check_consistent_length(X, weights)
        if not weights.any():
            raise ValueError("sample_weight is zero for all samples: there is nothing to learn from")
        return weights
