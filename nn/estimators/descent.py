"""How the estimators learn: the solvers of scikit-learn, step for step, on a tape.

From the same weights, orders and samples the losses are scikit-learn's, digit for digit but for rounding.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import issparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import gen_batches

from autograd.tape import vectorised
from nn.estimators.network import Form, Program, program
from nn.optim import Adam
from nn.training.engine import Precision

Array = NDArray[Any]

LARGEST_BATCH = 200
"""The batch size "auto", if there are as many samples."""
PART = 4096
"""This many samples are gone through at once where a step takes all of them."""
SLOWEST = 1e-6
"""Below this, the learning rate "adaptive" is not divided any further."""


class Samples:
    """Samples as rows of a tape: inputs, targets, and the weight if there are weights; X may be sparse.

    Attributes:
        table: all rows; None of sparse ones, which are made dense a batch at a time.
        weights: the weight of each sample; None if all are alike.
        count, dtype: how many there are, and in which precision.
    """

    def __init__(self, X: Any, targets: Array, weights: Array | None) -> None:
        columns = [targets] if weights is None else [targets, weights[:, None]]
        self._X, self._side = X, np.hstack(columns).astype(X.dtype, copy=False)
        self.table: Array | None = None if issparse(X) else np.hstack([X, self._side])
        self.weights, self.count = weights, len(self._side)
        self.dtype: Precision = X.dtype.name

    def rows(self, places: Array) -> Array:
        """Return the rows at these places."""
        if self.table is not None:
            found: Array = self.table[places]
            return found
        return np.hstack([self._X[places].toarray(), self._side[places]])

    def weight(self, places: Array) -> float:
        """Return the sum of the weights at these places."""
        return len(places) if self.weights is None else float(self.weights[places].sum())


class Objective:
    """The mean loss of samples, and a penalty on the weights, as a function of the weights.

    Args:
        form, coefs, intercepts: the network.
        samples: what it learns from.
        alpha: the strength of the penalty: alpha/2 · Σw², divided by the weight of the samples of a step.
    """

    def __init__(self, form: Form, coefs: Any, intercepts: Any, samples: Samples, alpha: float) -> None:
        self.program: Program = program(form, samples.weights is not None, samples.dtype)
        self.run = self.program.training(coefs, intercepts)
        self.vector, self.gradient = self.run.vector, self.run.gradient
        self.samples, self._alpha = samples, alpha
        self._slopes, self._decay = np.empty_like(self.vector), (0.0, self.vector)
        if samples.table is not None:
            self.run.X = samples.table

    def __call__(self, places: Array) -> tuple[float, float]:
        """Leave the gradient in `gradient`; return the mean loss of samples, and the penalty.

        Samples whose weights are all 0 leave a gradient of 0.
        """
        loss, weight = self._step(places), self.samples.weight(places)
        if weight != len(places):
            share = len(places) / weight if weight else 0.0
            loss *= share
            self.gradient *= share
        return loss, self._penalty(weight)

    def _step(self, places: Array) -> float:
        if self.samples.table is not None:
            return self.run.step(places)
        self.run.X = self.samples.rows(places)
        return self.run.step()

    def _penalty(self, weight: float) -> float:
        """Add the penalty's part to the gradient; return the penalty."""
        if not (self._alpha and weight):
            return 0.0
        if weight != self._decay[0]:  # as that of an epoch's last batch does
            self._decay = weight, self.program.penalised * (self._alpha / weight)
        slopes = np.multiply(self.vector, self._decay[1], out=self._slopes)
        self.gradient += slopes
        return 0.5 * float(self.vector @ slopes)

    def of_all(self) -> tuple[float, float, Array]:
        """Return the mean loss of all samples, the penalty, and the gradient of their sum."""
        every = np.arange(self.samples.count)
        loss, weight, slopes = 0.0, self.samples.weight(every), np.zeros(len(self.vector))
        for part in gen_batches(self.samples.count, PART):
            places = every[part]
            loss += self._step(places) * len(places) / weight
            slopes += self.gradient * (len(places) / weight)
        self.gradient.fill(0.0)
        penalty = self._penalty(weight)
        return loss, penalty, slopes + self.gradient

    def weights(self) -> tuple[list[Array], list[Array]]:
        """Return the weights as they stand: matrices, and rows of biases."""
        return self.program.weights(self.vector)


# ------------------------------------------------------------------------------ the stochastic solvers


class Solver:
    """A rule by which a vector moves, and the numbers that it keeps from step to step.

    Args:
        settings: the estimator.
        count, dtype: the vector's.

    Attributes:
        rate: the learning rate.
    """

    state_names: tuple[str, ...] = ()
    rule: Callable[..., Any]

    def __init__(self, settings: Any, count: int, dtype: str) -> None:
        self.rate, self.steps = float(settings.learning_rate_init), 0
        self.state = [np.zeros(count, dtype) for _ in self.state_names]

    def numbers(self, settings: Any) -> tuple[float, ...]:
        """Return the numbers that the rule takes in this step."""
        raise NotImplementedError

    def mover(self, settings: Any) -> Callable[[Array, Array], None]:
        """Return what moves a vector by a gradient, in place."""
        move, state = vectorised(self.rule, len(self.state)), self.state

        def step(vector: Array, gradient: Array) -> None:
            self.steps += 1
            move(vector, gradient, self.numbers(settings), *state)

        return step

    def end_epoch(self, settings: Any) -> None:
        """Change the rate, if it changes from epoch to epoch."""


class AdamSolver(Solver):
    """`nn.optim.Adam`, with scikit-learn's epsilon, which is added before the means are corrected."""

    state_names = Adam.state_names
    rule = staticmethod(Adam.rule)

    def numbers(self, settings: Any) -> tuple[float, ...]:
        beta1, beta2 = settings.beta_1, settings.beta_2
        first, second = 1 - beta1**self.steps, 1 - beta2**self.steps
        return self.rate, beta1, beta2, first, second, settings.epsilon / second**0.5, 0.0, 1.0


class SGDSolver(Solver):
    """Gradient descent whose velocity holds the rates of its steps, as Sutskever et al. (2013) write it.

    Where the rate changes it is not that of `nn.optim.SGD`, whose velocity is multiplied by the latest.
    """

    state_names = ("velocity",)

    def numbers(self, settings: Any) -> tuple[float, ...]:
        return self.rate, settings.momentum, float(settings.nesterovs_momentum)

    @staticmethod
    def rule(p: Any, g: Any, h: tuple[float, ...], velocity: Any) -> tuple[Any, ...]:
        lr, momentum, nesterov = h
        velocity = momentum * velocity - lr * g
        if nesterov:
            return p + momentum * velocity - lr * g, velocity
        return p + velocity, velocity

    def end_epoch(self, settings: Any) -> None:
        if settings.learning_rate == "invscaling":
            self.rate = settings.learning_rate_init / (settings.t_ + 1) ** settings.power_t


STOCHASTIC = {"adam": AdamSolver, "sgd": SGDSolver}
"""The solvers that go through the samples in batches, by name."""


def stochastic(
    settings: Any, objective: Objective, score: Callable[[], float] | None, batch: int, random_state: Any,
    once: bool, watch: Any = None,
) -> None:  # fmt: skip
    """Go through the samples in batches, epoch by epoch, until there is nothing more to learn.

    Args:
        settings: the estimator, which gets the attributes too.
        objective: what is minimised.
        score: judges the weights as they stand; None if the loss is what decides.
        batch: samples per step.
        random_state: draws the orders.
        once: go through them a single time, whether there is more to learn or not.
        watch: is told of each step; see `nn.estimators.showing.Watch`.
    """
    samples, vector, gradient = objective.samples, objective.vector, objective.gradient
    move, order = settings._solver.mover(settings), np.arange(samples.count)
    outputs, parts = settings._shown_losses, list(gen_batches(samples.count, batch))
    best = vector.copy()
    settings.n_iter_, epochs = 0, 1 if once else settings.max_iter
    try:
        while settings.n_iter_ < epochs:
            if settings.shuffle:
                places = np.arange(samples.count)
                random_state.shuffle(places)
                order = order[places]
            summed = 0.0
            for part in parts:
                loss, penalty = objective(order[part])
                summed += (loss / outputs + penalty) * (part.stop - part.start)
                if watch is not None:
                    watch.before(vector)
                move(vector, gradient)
                if watch is not None:
                    watch.after(loss + penalty, part.stop - part.start, vector, gradient)
            settings.n_iter_ += 1
            settings.t_ += samples.count
            settings.loss_ = summed / samples.count
            settings.loss_curve_.append(settings.loss_)
            _say(settings, f"Iteration {settings.n_iter_}, loss = {settings.loss_:.8f}")
            if _is_best(settings, score):
                best[:] = vector
            settings._solver.end_epoch(settings)
            if settings._no_improvement_count > settings.n_iter_no_change and _is_over(settings):
                break
            if settings.n_iter_ == settings.max_iter and not once:
                _warn_of_the_end(settings)
    except KeyboardInterrupt:
        warnings.warn("Training interrupted by user.", stacklevel=4)
    if score is not None:
        vector[:] = best


def batch_size(size: Any, samples: int) -> int:
    """Return how many samples a step takes, of the setting and of how many there are."""
    if size == "auto":
        return min(LARGEST_BATCH, samples)
    if size > samples:
        warnings.warn(
            f"batch_size={size} is larger than the {samples} samples: a batch is all of them", stacklevel=6
        )
    return int(min(size, samples))


def _say(settings: Any, text: str) -> None:
    if settings.verbose:
        print(text)


def _warn_of_the_end(settings: Any) -> None:
    warnings.warn(
        f"Stochastic Optimizer: Maximum iterations ({settings.max_iter}) reached and the optimization "
        "hasn't converged yet.",
        ConvergenceWarning,
        stacklevel=5,
    )


def _is_best(settings: Any, score: Callable[[], float] | None) -> bool:
    """Judge an epoch by its loss or by its score, count those without progress; return whether it is best."""
    if score is None:
        loss, lowest = settings.loss_, settings.best_loss_
        stuck, best = loss > lowest - settings.tol, loss < lowest
        settings.best_loss_ = min(loss, lowest)
    else:
        found, highest = score(), settings.best_validation_score_
        settings.validation_scores_.append(found)
        _say(settings, f"Validation score: {found:f}")
        stuck, best = found < highest + settings.tol, found > highest
        settings.best_validation_score_ = found if best else highest
    settings._no_improvement_count = settings._no_improvement_count + 1 if stuck else 0
    return bool(best)


def _is_over(settings: Any) -> bool:
    """Return whether a training without progress ends, rather than goes on at a lower rate."""
    what = "Validation score" if settings.early_stopping else "Training loss"
    told = (
        f"{what} did not improve more than tol={settings.tol:f} for {settings.n_iter_no_change} "
        "consecutive epochs."
    )
    solver = settings._solver
    if not (isinstance(solver, SGDSolver) and settings.learning_rate == "adaptive"):
        _say(settings, f"{told} Stopping.")
        return True
    if solver.rate <= SLOWEST:
        _say(settings, f"{told} Learning rate too small. Stopping.")
        return True
    solver.rate /= 5
    settings._no_improvement_count = 0
    _say(settings, f"{told} Setting learning rate to {solver.rate:f}")
    return False


# ----------------------------------------------------------------------------------- the quasi-Newton one


def lbfgs(estimator: Any, objective: Objective) -> None:
    """Minimise over all samples at once by SciPy's L-BFGS-B; the estimator gets the attributes."""

    def value_and_gradient(x: Array) -> tuple[float, Array]:
        objective.vector[:] = x
        loss, penalty, slopes = objective.of_all()
        return loss + penalty, slopes

    def say(intermediate_result: Any) -> None:
        _say(estimator, f"loss = {intermediate_result.fun:.8f}")

    options = {"maxfun": estimator.max_fun, "maxiter": estimator.max_iter, "gtol": estimator.tol}
    found = minimize(
        value_and_gradient, objective.vector.astype(float), method="L-BFGS-B", jac=True, options=options,
        callback=say,
    )  # fmt: skip
    value_and_gradient(found.x)
    loss, penalty, _ = objective.of_all()
    estimator.loss_ = loss / estimator._shown_losses + penalty
    estimator.n_iter_ = min(found.nit, estimator.max_iter)
    if found.status:
        warnings.warn(
            f"lbfgs failed to converge after {found.nit} iteration(s) (status={found.status}): "
            f"{found.message}\n\nIncrease max_iter or max_fun, or scale the data.",
            ConvergenceWarning,
            stacklevel=4,
        )
