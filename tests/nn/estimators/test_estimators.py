"""The estimators in the hands of a user of scikit-learn: where they go, what they refuse, what they show."""

import pickle
import subprocess
import sys

import numpy as np
import pandas
import pytest
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.datasets import load_iris, make_moons
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score, cross_validate
from sklearn.neural_network import MLPClassifier as TheirClassifier
from sklearn.neural_network import MLPRegressor as TheirRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import nn
from nn import MLPClassifier, MLPRegressor, losses

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

IRIS = load_iris(return_X_y=True)
MOONS = make_moons(60, noise=0.1, random_state=0)
PAIRS = [(MLPClassifier, TheirClassifier), (MLPRegressor, TheirRegressor)]


def small(**settings):
    return MLPClassifier((3,), **{"max_iter": 3, "random_state": 0, **settings})


@pytest.mark.parametrize(("ours", "theirs"), PAIRS)
def test_the_settings_are_scikit_learns_in_its_order_and_with_its_defaults(ours, theirs):
    own = {"class_weight", "monitor"}
    kept = {name: x for name, x in ours().get_params().items() if name not in own}
    assert kept == theirs().get_params()
    assert [name for name in ours.__init__.__annotations__ if name not in {*own, "return"}] == [
        name for name in theirs.__init__.__code__.co_varnames[1:] if name in kept
    ]


def test_they_are_loaded_when_they_are_asked_for():
    there = "'sklearn' in sys.modules"
    code = f"import sys, nn; before = {there}; nn.MLPRegressor; print(before, {there})"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told == "False True\n"
    assert {"MLPClassifier", "MLPRegressor"} <= set(dir(nn))
    with pytest.raises(AttributeError, match="no attribute 'MLPClasifier'"):
        _ = nn.MLPClasifier


def test_without_scikit_learn_the_error_says_what_to_install():
    code = "import sys; sys.modules['sklearn'] = None; import nn; nn.MLPClassifier"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False).stderr
    assert 'MLPClassifier needs scikit-learn: pip install "chainrule[train]"' in told


def test_they_go_into_pipelines_grids_and_cross_validation():
    X, y = IRIS
    pipeline = make_pipeline(
        StandardScaler(), MLPClassifier((8,), max_iter=60, learning_rate_init=0.05, random_state=0)
    )
    assert cross_val_score(pipeline, X, y, cv=3).mean() > 0.9
    grid = GridSearchCV(pipeline, {"mlpclassifier__hidden_layer_sizes": [(1,), (8,)]}, cv=3).fit(X, y)
    assert grid.best_params_ == {"mlpclassifier__hidden_layer_sizes": (8,)}
    assert grid.predict(X[:2]).tolist() == y[:2].tolist()


def test_they_can_be_cloned_pickled_and_say_how_they_are_set():
    classifier = MLPClassifier((3, 2), alpha=0.1, max_iter=3)
    assert is_classifier(classifier)
    assert is_regressor(MLPRegressor())
    assert clone(classifier).get_params() == classifier.get_params()
    assert repr(classifier) == "MLPClassifier(alpha=0.1, hidden_layer_sizes=(3, 2), max_iter=3)"
    assert "alpha" in classifier._repr_html_()
    loaded = pickle.loads(pickle.dumps(classifier.fit(*MOONS)))
    assert (loaded.predict_proba(MOONS[0]) == classifier.predict_proba(MOONS[0])).all()
    loaded.partial_fit(*MOONS)
    classifier.partial_fit(*MOONS)
    assert (loaded.coefs_[0] == classifier.coefs_[0]).all()


def test_sample_weights_are_routed_where_they_are_requested():
    import sklearn

    X, y = MOONS
    weights = np.where(y == 1, 5.0, 0.1)
    with sklearn.config_context(enable_metadata_routing=True):
        estimator = small().set_fit_request(sample_weight=True).set_score_request(sample_weight=False)
        found = cross_validate(
            estimator, X, y, params={"sample_weight": weights}, return_estimator=True, cv=2
        )
    assert (found["estimator"][0].predict(X) == 1).mean() > 0.9


def test_classes_may_be_texts_and_two_are_one_logistic_output():
    X, y = MOONS
    names = np.array(["upper", "lower"])[y]
    classifier = MLPClassifier((8,), learning_rate_init=0.05, max_iter=150, random_state=0).fit(X, names)
    assert classifier.classes_.tolist() == ["lower", "upper"]
    assert classifier.model_.nout == 1
    assert classifier.score(X, names) > 0.95
    assert set(classifier.predict(X)) == {"lower", "upper"}


def test_class_weights_are_weights_of_samples():
    X, y = MOONS
    by_class = small(class_weight={0: 3.0, 1: 0.5}).fit(X, y, sample_weight=np.full(60, 2.0))
    by_sample = small().fit(X, y, sample_weight=np.where(y == 0, 6.0, 1.0))
    assert by_class.coefs_[0] == pytest.approx(by_sample.coefs_[0])
    rare = np.r_[0:30, 55:60]
    assert small(class_weight="balanced").fit(X[rare], y[rare]).score(X, y) > 0
    with pytest.raises(ValueError, match="needs all samples at once"):
        small(class_weight="balanced").partial_fit(X, y, classes=[0, 1])


def test_batches_without_weight_teach_nothing():
    X, y = MOONS
    weights = np.r_[np.zeros(30), np.ones(30)]
    one = small(batch_size=30, shuffle=False, alpha=0.0, solver="sgd", momentum=0.0).fit(
        X, y, sample_weight=weights
    )
    other = small(batch_size=30, shuffle=False, alpha=0.0, solver="sgd", momentum=0.0).fit(X[30:], y[30:])
    assert one.coefs_[0] == pytest.approx(other.coefs_[0])


def test_reordered_columns_are_refused():
    X = pandas.DataFrame(MOONS[0], columns=["a", "b"])
    classifier = small().fit(X, MOONS[1])
    assert classifier.feature_names_in_.tolist() == ["a", "b"]
    with pytest.raises(ValueError, match="feature names should match"):
        classifier.score(X[["b", "a"]], MOONS[1])


def test_numbers_that_are_no_classes_are_refused():
    with pytest.raises(ValueError, match="Unknown label type: continuous"):
        MLPClassifier().fit(MOONS[0], MOONS[0][:, 0])


@pytest.mark.parametrize(
    ("settings", "X", "y", "message"),
    [
        ({"activation": "sigmoid"}, *MOONS, "unknown activation 'sigmoid'"),
        ({"solver": "lbgfs"}, *MOONS, "unknown solver 'lbgfs'; did you mean 'lbfgs'"),
        ({"learning_rate": "cosine"}, *MOONS, "unknown learning_rate 'cosine'"),
        ({"alpha": -1}, *MOONS, "alpha is a finite number from 0 up; got -1"),
        ({"momentum": 1.5}, *MOONS, "momentum is a finite number"),
        ({"batch_size": 0}, *MOONS, "batch_size is at least 1; got 0"),
        ({"n_iter_no_change": 0}, *MOONS, "n_iter_no_change is at least 1; got 0"),
        ({"hidden_layer_sizes": (3, 0)}, *MOONS, "at least 1; got 0"),
        ({}, MOONS[0], MOONS[1][:-1], "inconsistent numbers of samples"),
        ({}, MOONS[0], np.zeros((60, 2)) + 0.5, "Unknown label type"),
        ({}, [[1.0, float("nan")]] * 2, [0, 1], "contains NaN"),
        ({"early_stopping": True, "validation_fraction": 0.005}, *IRIS, "two are the fewest"),
    ],
)
def test_bad_settings_and_samples_are_refused(settings, X, y, message):
    with pytest.raises(ValueError, match=message):
        MLPClassifier(**settings).fit(X, y)


def test_a_network_that_goes_on_keeps_its_layers_and_classes():
    X, y = MOONS
    classifier = small(warm_start=True).fit(X, y)
    with pytest.raises(ValueError, match=r"its layers \(2, 3, 1\); got \(2, 4, 1\)"):
        clone(classifier).fit(X, y).set_params(hidden_layer_sizes=(4,)).fit(X, y)
    with pytest.raises(ValueError, match="same classes as in the previous call"):
        classifier.fit(X, y + 1)
    with pytest.raises(ValueError, match="classes not in"):
        small().partial_fit(X, y, classes=[0, 1]).partial_fit(X, y + 1)
    with pytest.raises(ValueError, match="must be passed on the first call"):
        small().partial_fit(X, y)
    with pytest.raises(ValueError, match="not the same as on last call"):
        small().partial_fit(X, y, classes=[0, 1]).partial_fit(X, y, classes=[0, 2])
    with pytest.raises(ValueError, match="early_stopping"):
        small(early_stopping=True).partial_fit(X, y, classes=[0, 1])


def test_what_is_asked_too_early_or_under_another_name_is_refused():
    with pytest.raises(NotFittedError):
        MLPClassifier().predict([[1.0]])
    with pytest.raises(AttributeError):
        _ = MLPClassifier().model_
    with pytest.raises(ValueError, match="Invalid parameter 'alfa'"):
        MLPClassifier().set_params(alfa=1)
    with pytest.raises(ValueError, match="3 features, but MLPClassifier is expecting 2"):
        small().fit(*MOONS).predict([[1.0, 2.0, 3.0]])
    assert not hasattr(MLPClassifier(solver="lbfgs"), "partial_fit")
    with pytest.raises(ValueError, match="counts are from 0 up"):
        MLPRegressor("poisson").fit(MOONS[0], -MOONS[1])


def test_a_batch_larger_than_the_samples_is_all_of_them():
    with pytest.warns(UserWarning, match="larger than the 60 samples"):
        classifier = small(batch_size=100).fit(*MOONS)
    assert classifier.coefs_[0] == pytest.approx(small().fit(*MOONS).coefs_[0])


# -------------------------------------------------------------------- what scikit-learn's cannot


@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
@pytest.mark.parametrize(("X", "y"), [IRIS, MOONS], ids=["iris", "moons"])
def test_the_network_of_values_gives_the_probabilities(activation, X, y):
    classifier = small(activation=activation).fit(X, y)
    assert nn.probabilities(classifier.model_, X) == pytest.approx(classifier.predict_proba(X))


def test_an_explanation_is_the_gradient_path_to_the_loss():
    X, y = IRIS
    classifier = small(activation="tanh").fit(X, y)
    model = classifier.model_
    losses.cross_entropy(model(X[0].tolist()), int(y[0])).backward()
    path = classifier.explain(X[0], "w21^1", y[0])
    assert path.total == pytest.approx(model.parameter("w21^1").grad)
    towards = classifier.explain(X[0], "w21^1")
    likeliest = classifier.predict_proba(X[:1])[0].argmax()
    assert towards.output.label == f"z{likeliest + 1}^2"
    with pytest.raises(ValueError, match="no parameter 'w99"):
        classifier.explain(X[0], "w99^1")
    with pytest.raises(ValueError, match="a row has 4 numbers"):
        classifier.explain(X[0][:2], "w21^1")


def test_the_walk_through_a_loss_calls_the_classes_by_their_names():
    X, y = [[0.0], [1.0], [2.0]], ["low", "middle", "high"]
    classifier = MLPClassifier((2,), random_state=0, max_iter=1)
    with pytest.warns(ConvergenceWarning):
        classifier.fit(X, y)
    assert classifier.walk([1.0], "low").content().classes == ("high", "low", "middle")
    assert classifier.walk([1.0]).content().classes == ()


def test_a_row_is_walked_and_drawn_by_its_columns_names():
    frame = pandas.DataFrame(MOONS[0], columns=["wide", "high"])
    classifier = small().fit(frame, MOONS[1])
    steps = classifier.walk(MOONS[0][0], MOONS[1][0])
    assert any("wide" in str(step) for step in steps)
    assert "layer" in classifier.draw().source
    assert "wide" in classifier.draw(MOONS[0][0], MOONS[1][0], collapse="neuron").source


def test_several_numbers_are_explained_by_their_target():
    X = MOONS[0]
    regressor = MLPRegressor(hidden_layer_sizes=(2,), max_iter=2, random_state=0).fit(X, X * 2)
    assert regressor.explain(X[0], "b1^1", X[0]).weight.label == "b1^1"
    with pytest.raises(ValueError, match="2 outputs: give the target"):
        regressor.explain(X[0], "b1^1")


@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_a_monitor_sees_the_training_and_changes_nothing(solver):
    X, y = IRIS
    plain = small(solver=solver, max_iter=20, batch_size=20).fit(X, y)
    watched = small(solver=solver, max_iter=20, batch_size=20, monitor=True).fit(X, y)
    assert (plain.coefs_[0] == watched.coefs_[0]).all()
    monitor = watched.monitor_
    assert monitor.records[-1].step in range(155, 161)
    assert monitor.layers == ["layer 1", "layer 2"]
    assert any(layer.dead is not None for record in monitor.records for layer in record.layers)
    assert monitor.records[-1].layers[0].weights == pytest.approx(
        np.sqrt((watched.coefs_[0] ** 2).sum() + (watched.intercepts_[0] ** 2).sum()), rel=0.05
    )
