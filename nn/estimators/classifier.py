"""The classifier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils import column_or_1d, compute_sample_weight
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets, type_of_target, unique_labels

from nn.estimators.base import Array, BaseMLP, is_stochastic


class MLPClassifier(ClassifierMixin, BaseMLP):
    """A multi-layer perceptron that tells classes apart, with the settings of scikit-learn's class.

    The loss is the cross-entropy, of a softmax or for two classes of a logistic output, plus
    ``alpha``/2 · Σw² divided by the samples of the step.  From the same ``random_state`` it takes the
    course that scikit-learn's class takes.  A sample may have several labels: y is then a table of 0 and 1.

    Args:
        hidden_layer_sizes: the neurons of each hidden layer.
        activation: that of the hidden layers: identity, logistic, tanh or relu.
        solver: adam; sgd, with momentum; or lbfgs, which takes all samples at once.
        alpha: the strength of the L2 penalty.
        batch_size: samples per step, all if there are fewer; "auto" is 200.
        learning_rate: of sgd: constant; invscaling, learning_rate_init / t^power_t after t samples; or
            adaptive, divided by 5 where the training would end.
        learning_rate_init: the learning rate at the start.
        power_t: see ``learning_rate``.
        max_iter: the most epochs; of lbfgs, steps.
        shuffle: take the samples in a new order in each epoch.
        random_state: decides the starting weights, the orders and what is held out; with None they differ
            from run to run.
        tol: progress by less than this does not count.
        verbose: print the loss of each epoch.
        warm_start: let `fit` go on with the weights of the last one.
        momentum, nesterovs_momentum: those of sgd.
        early_stopping: hold samples out, judge by their score, and take the weights that had the best.
        validation_fraction: the share of the samples that is held out then.
        beta_1, beta_2, epsilon: those of adam.
        n_iter_no_change: end after more than this many epochs without progress.
        max_fun: how often lbfgs may compute the loss.
        class_weight: how much each class counts, a dictionary; "balanced" lets all count alike; with None
            every sample does.  Not a setting of scikit-learn's class.
        monitor: watch the training; see ``monitor_``.  Not a setting of scikit-learn's class.

    Attributes:
        classes_: the classes, sorted.
        coefs_, intercepts_: the weights of each layer, shape (inputs, neurons), and its biases.
        loss_, loss_curve_, best_loss_: the last loss, that of each epoch, the lowest; None for the lowest
            if the score decides.
        validation_scores_, best_validation_score_: the accuracy on what is held out; None without that.
        n_iter_, t_: how many epochs there were, and samples gone through.
        n_features_in_, feature_names_in_: how many inputs there are; their names, if X had names.
        n_layers_, n_outputs_: how many layers there are, inputs included, and outputs.
        out_activation_: softmax or logistic.
        model_: the network of Values, made when it is asked for; it gives its outputs before their
            activation.
        monitor_: the `nn.Monitor` that watched the training, if it was wanted.

    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], ["low", "low", "high", "high"]
    >>> classifier = MLPClassifier((4,), solver="lbfgs", random_state=0).fit(X, y)
    >>> classifier.predict([[0.5], [2.5]]).tolist()
    ['low', 'high']
    >>> classifier.explain([2.5], "w11^1", "high").weight.label
    'w11^1'
    """

    def __init__(
        self,
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
        class_weight: Mapping[Any, float] | str | None = None,
        monitor: bool = False,
    ) -> None:
        self._keep(locals())

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    # ------------------------------------------------------------------------------------- learning

    @available_if(is_stochastic)  # type: ignore[untyped-decorator]
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None, classes: Any = None) -> Self:
        """Go through the samples once, from where the last call ended; return the classifier itself.

        Args:
            X, y, sample_weight: see `fit`.
            classes: all classes that will ever come; wanted in the first call.

        Raises:
            TypeError, ValueError: see `fit`; and if the classes are missing, or are not those of before.
        """
        if not hasattr(self, "classes_"):
            if classes is None:
                raise ValueError("classes must be passed on the first call to partial_fit.")
            self._know_classes(y if type_of_target(y).startswith("multilabel") else unique_labels(classes))
        elif classes is not None and not np.array_equal(self.classes_, unique_labels(classes)):
            raise ValueError(
                f"`classes={classes!r}` is not the same as on last call to partial_fit, was: "
                f"{self.classes_!r}"
            )
        return self._learn(X, y, sample_weight, incremental=True)

    def _know_classes(self, y: Any) -> None:
        self._coder = LabelBinarizer().fit(y)
        self.classes_ = self._coder.classes_

    def _coded(self, y: Any, incremental: bool) -> Array:
        """Return the targets as the loss takes them."""
        check_classification_targets(y)
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        if hasattr(self, "classes_") and (self.warm_start or incremental):
            self._check_classes(unique_labels(y))
        else:
            self._know_classes(y)
        coded: Array
        several = self._coder.y_type_ == "multiclass"
        if several and y.ndim == 1:  # the place of each class, without a table of 0 and 1
            coded, outputs = np.searchsorted(self.classes_, y)[:, None], len(self.classes_)
        else:
            coded = self._coder.transform(y)
            outputs = coded.shape[1]
        self.n_outputs_, self.out_activation_ = outputs, "softmax" if several else "logistic"
        return coded

    def _check_classes(self, found: Array) -> None:
        if self.warm_start and set(found) != set(self.classes_):
            raise ValueError(
                "warm_start can only be used where `y` has the same classes as in the previous call to fit. "
                f"Previously got {self.classes_}, `y` has {found}"
            )
        if len(np.setdiff1d(found, self.classes_)):
            raise ValueError(
                f"`y` has classes not in `self.classes_`. `self.classes_` has {self.classes_}. "
                f"'y' has {found}."
            )

    def _decoded(self, targets: Array) -> Any:
        if self.out_activation_ == "softmax":
            return self.classes_[targets[:, 0]]
        return self._coder.inverse_transform(targets)

    def _weights(self, sample_weight: Any, X: Any, y: Any, incremental: bool) -> Array | None:
        weights = super()._weights(sample_weight, X, y, incremental)
        if self.class_weight is None:
            return weights
        if incremental and self.class_weight == "balanced":
            raise ValueError(
                'class_weight="balanced" needs all samples at once; give partial_fit a dictionary of weights'
            )
        of_classes: Array = compute_sample_weight(self.class_weight, y).astype(X.dtype)
        return of_classes if weights is None else of_classes * weights

    # ------------------------------------------------------------------------------------- saying

    @property
    def _shown_losses(self) -> int:
        return 1

    def _score_of(self, outputs: Array, y: Any, weights: Array | None) -> float:
        if not np.isfinite(outputs).all():
            return float("nan")
        return float(accuracy_score(y, self._named(outputs), sample_weight=weights))

    def _named(self, outputs: Array) -> Any:
        """Return the classes that outputs name."""
        return self._coder.inverse_transform(outputs.ravel() if self.n_outputs_ == 1 else outputs)

    def predict(self, X: Any) -> Any:
        """Return the likeliest class of each row; or the labels of each, a table of 0 and 1."""
        return self._named(self._checked_outputs(X))

    def predict_proba(self, X: Any) -> Any:
        """Return the probability of each class for each row, shape (rows, classes)."""
        p = self._checked_outputs(X)
        return np.hstack([1 - p, p]) if p.shape[1] == 1 else p

    def predict_log_proba(self, X: Any) -> Any:
        """Return the logarithm of the probability of each class for each row, shape (rows, classes)."""
        p = self.predict_proba(X)
        return np.log(p, out=p)

    def _target(self, y: Any) -> Sequence[float]:
        coded = self._coder.transform(np.asarray([y]))[0]
        return [int(coded.argmax())] if self.out_activation_ == "softmax" else coded.tolist()
