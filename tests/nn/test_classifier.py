"""The classifier in scikit-learn's form, held against scikit-learn's own."""

import numpy as np
import pytest
from sklearn.base import clone, is_classifier
from sklearn.datasets import load_iris, make_moons
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neural_network import MLPClassifier as Theirs
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from nn import MLPClassifier

IRIS = load_iris(return_X_y=True)
MOONS = make_moons(60, noise=0.1, random_state=0)


def weights_of(theirs, model):
    for layer, W, b in zip(model.layers, theirs.coefs_, theirs.intercepts_, strict=True):
        layer.W, layer.b = W.T, b


def trained(classifier, X, y):
    with pytest.warns(ConvergenceWarning):  # which theirs gives when it is at its last epoch
        return classifier.fit(X, y)


@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
@pytest.mark.parametrize(("X", "y"), [IRIS, MOONS], ids=["iris", "moons"])
def test_the_same_weights_give_scikit_learn_s_probabilities(activation, X, y):
    theirs = trained(Theirs((5, 4), activation=activation, max_iter=2, random_state=0), X, y)
    ours = MLPClassifier((5, 4), activation=activation, max_iter=1).fit(X, y)
    weights_of(theirs, ours.model_)
    assert ours.predict_proba(X) == pytest.approx(theirs.predict_proba(X), rel=1e-9)
    assert ours.predict(X).tolist() == theirs.predict(X).tolist()
    assert ours.score(X, y) == theirs.score(X, y)


@pytest.mark.parametrize(
    "settings",
    [{"nesterovs_momentum": True}, {"nesterovs_momentum": False}, {"momentum": 0.0}, {"batch_size": 30}],
    ids=str,
)
@pytest.mark.parametrize(("X", "y"), [IRIS, MOONS], ids=["iris", "moons"])
def test_training_from_the_same_weights_takes_scikit_learn_s_course(settings, X, y):
    settings = {"solver": "sgd", "learning_rate_init": 0.02, "alpha": 0.5, "shuffle": False, **settings}
    settings = {"activation": "tanh", "hidden_layer_sizes": (6,), "max_iter": 1, **settings}
    theirs = trained(Theirs(warm_start=True, random_state=0, **settings), X, y)
    ours = MLPClassifier(**settings).set_params(max_iter=20, n_iter_no_change=20)
    ours.begin(X, y)
    weights_of(theirs, ours.model_)
    ours.train(X, y)
    trained(theirs.set_params(max_iter=20, n_iter_no_change=50), X, y)
    assert ours.loss_curve_ == pytest.approx(theirs.loss_curve_[1:], rel=1e-9)
    assert pytest.approx(theirs.coefs_[0].T, rel=1e-7, abs=1e-12) == ours.model_.layers[0].W


def test_the_defaults_are_scikit_learn_s():
    theirs, ours = Theirs().get_params(), MLPClassifier().get_params()
    assert ours == {name: theirs[name] for name in ours}


def test_classes_may_be_texts_and_two_are_one_logistic_output():
    X, y = MOONS
    names = np.array(["upper", "lower"])[y]
    classifier = MLPClassifier((8,), learning_rate_init=0.05, max_iter=150, random_state=0).fit(X, names)
    assert classifier.classes_.tolist() == ["lower", "upper"]
    assert classifier.model_.nout == 1
    assert classifier.score(X, names) > 0.95
    assert set(classifier.predict(X)) == {"lower", "upper"}


def test_it_goes_into_pipelines_grids_and_cross_validation():
    X, y = IRIS
    pipeline = make_pipeline(
        StandardScaler(), MLPClassifier((8,), max_iter=60, learning_rate_init=0.05, random_state=0)
    )
    assert cross_val_score(pipeline, X, y, cv=3).mean() > 0.9
    grid = GridSearchCV(pipeline, {"mlpclassifier__hidden_layer_sizes": [(1,), (8,)]}, cv=3).fit(X, y)
    assert grid.best_params_ == {"mlpclassifier__hidden_layer_sizes": (8,)}
    assert grid.predict(X[:2]).tolist() == y[:2].tolist()


def test_it_can_be_cloned_and_says_how_it_is_set():
    classifier = MLPClassifier((3, 2), alpha=0.1)
    assert is_classifier(classifier)
    assert clone(classifier).get_params() == classifier.get_params()
    assert repr(classifier) == "MLPClassifier(hidden_layer_sizes=(3, 2), alpha=0.1)"


def test_the_same_random_state_gives_the_same_network():
    X, y = MOONS
    one, other = (MLPClassifier((3,), max_iter=3, batch_size=16, random_state=1).fit(X, y) for _ in range(2))
    assert one.model_.state_dict() == other.model_.state_dict()


@pytest.mark.parametrize(
    ("settings", "X", "y", "message"),
    [
        ({"activation": "sigmoid"}, *MOONS, "unknown activation 'sigmoid'"),
        ({"solver": "lbfgs"}, *MOONS, "unknown solver 'lbfgs'"),
        ({"alpha": -1}, *MOONS, "alpha is a finite number from 0 up; got -1"),
        ({"batch_size": 0}, *MOONS, "batch_size is at least 1; got 0"),
        ({"hidden_layer_sizes": (3, 0)}, *MOONS, "at least 1; got 0"),
        ({}, MOONS[0], MOONS[1][:-1], "X has 60 rows, but y has 59"),
        ({}, MOONS[0], np.zeros(60), "two classes apart, or more; y has 1"),
        ({}, MOONS[0], np.zeros((60, 2)), r"got an array of shape \(60, 2\)"),
        ({}, [[1.0, float("nan")]] * 2, [0, 1], "row 0, column 1 of X"),
    ],
)
def test_bad_settings_and_samples_are_refused(settings, X, y, message):
    with pytest.raises(ValueError, match=message):
        MLPClassifier(**settings).fit(X, y)


def test_what_is_asked_too_early_or_under_another_name_is_refused():
    with pytest.raises(ValueError, match=r"learned nothing yet; call fit\(X, y\) first"):
        MLPClassifier().predict([[1.0]])
    with pytest.raises(ValueError, match="no setting 'alfa'; did you mean 'alpha'"):
        MLPClassifier().set_params(alfa=1)
    with pytest.raises(ValueError, match=r"takes 2 inputs|rows of X have 3"):
        MLPClassifier((2,), max_iter=1).fit(*MOONS).predict([[1.0, 2.0, 3.0]])
