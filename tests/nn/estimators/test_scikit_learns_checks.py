"""Every check that scikit-learn has of estimators, and how many these are."""

import warnings

import pytest
import sklearn
from sklearn.neural_network import MLPClassifier as TheirClassifier
from sklearn.neural_network import MLPRegressor as TheirRegressor
from sklearn.utils.estimator_checks import check_estimator, estimator_checks_generator

from nn import MLPClassifier, MLPRegressor

SKIPPED = {"check_array_api_input", "check_classifiers_multilabel_output_format_decision_function"}
"""What scikit-learn skips for its own as well: nothing is installed for the one, and there are no decision
functions for the other."""

COUNTS = {"1.9": {"MLPClassifier": 68, "MLPRegressor": 61}}
"""How many checks there are, by the version of scikit-learn: one more than of its own for class weights, and
one for several targets."""


def name_of(check):
    return getattr(check, "func", check).__name__


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(MLPClassifier, TheirClassifier), (MLPRegressor, TheirRegressor)],
    ids=["class", "number"],
)
def test_every_check_passes_and_none_is_missing(ours, theirs):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of trainings that are too short
        results = check_estimator(ours(max_iter=100), on_skip=None, on_fail=None)
        wanted = [name_of(check) for _, check in estimator_checks_generator(theirs())]
    faults = [
        f"{r['check_name']}: {r['exception']!r}" for r in results if r["status"] not in ("passed", "skipped")
    ]
    assert not faults, "\n".join(faults)
    assert {r["check_name"] for r in results if r["status"] == "skipped"} <= SKIPPED
    assert {r["check_name"] for r in results} >= set(wanted)
    assert len(results) > len(wanted)
    version = ".".join(sklearn.__version__.split(".")[:2])
    assert len(results) == COUNTS.get(version, {}).get(ours.__name__, len(results))
