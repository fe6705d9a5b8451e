"""Examples in the manner of scikit-learn's gallery of networks: only the import differs."""

import warnings

import pytest

from tests.thorough import ALL

pytest.importorskip("matplotlib").use("Agg")

ALPHA = """
import numpy as np
from sklearn.datasets import make_circles, make_classification, make_moons
from sklearn.model_selection import train_test_split
from {module} import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

alphas = np.logspace(-1, 1, {alphas})
classifiers = [
    make_pipeline(
        StandardScaler(),
        MLPClassifier(solver="lbfgs", alpha=alpha, random_state=1, max_iter={most}, early_stopping=True,
                      hidden_layer_sizes=[10, 10]),
    )
    for alpha in alphas
]
X, y = make_classification(n_features=2, n_redundant=0, n_informative=2, random_state=0,
                           n_clusters_per_class=1)
X += 2 * np.random.RandomState(2).uniform(size=X.shape)
moons, circles = make_moons(noise=0.3, random_state=0), make_circles(noise=0.2, factor=0.5, random_state=1)
for X, y in [moons, circles, (X, y)]:
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.4, random_state=42)
    xx, yy = np.meshgrid(np.arange(-2, 2, 0.2), np.arange(-2, 2, 0.2))
    for clf in classifiers:
        clf.fit(X_train, y_train)
        Z = clf.predict_proba(np.column_stack([xx.ravel(), yy.ravel()]))[:, 1].reshape(xx.shape)
        results.append(clf.score(X_test, y_test))
"""

CURVES = """
import matplotlib.pyplot as plt
from sklearn import datasets
from {module} import MLPClassifier
from sklearn.preprocessing import MinMaxScaler

constant = dict(solver="sgd", learning_rate="constant", learning_rate_init=0.2)
params = [
    dict(momentum=0, **constant),
    dict(momentum=0.9, nesterovs_momentum=False, **constant),
    dict(momentum=0.9, nesterovs_momentum=True, **constant),
    dict(momentum=0, **{{**constant, "learning_rate": "invscaling"}}),
    dict(momentum=0.9, nesterovs_momentum=True, **{{**constant, "learning_rate": "invscaling"}}),
    dict(solver="adam", learning_rate_init=0.01),
]
fig, axes = plt.subplots(1, 2)
for ax, data in zip(axes, [datasets.load_iris(), datasets.load_digits()]):
    X = MinMaxScaler().fit_transform(data.data)
    for param in params:
        mlp = MLPClassifier(random_state=0, max_iter={epochs}, **param)
        mlp.fit(X, data.target)
        results.append(mlp.score(X, data.target))
        results.append(mlp.loss_)
        ax.plot(mlp.loss_curve_)
plt.close(fig)
"""

FILTERS = """
import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from {module} import MLPClassifier

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X / 16, y, random_state=0, test_size=0.7)
mlp = MLPClassifier(hidden_layer_sizes=(40,), max_iter=8, alpha=1e-4, solver="sgd", verbose=10,
                    random_state=1, learning_rate_init=0.2)
mlp.fit(X_train, y_train)
results += [mlp.score(X_train, y_train), mlp.score(X_test, y_test)]
fig, axes = plt.subplots(4, 4)
vmin, vmax = mlp.coefs_[0].min(), mlp.coefs_[0].max()
for coef, ax in zip(mlp.coefs_[0].T, axes.ravel()):
    ax.matshow(coef.reshape(8, 8), cmap=plt.cm.gray, vmin=0.5 * vmin, vmax=0.5 * vmax)
plt.close(fig)
"""

SIZES = {"alphas": 3, "most": 2000, "epochs": 15} if ALL else {"alphas": 2, "most": 200, "epochs": 4}


@pytest.mark.parametrize(
    ("example", "within"), [(ALPHA, 0.1), (CURVES, 1e-6), (FILTERS, 1e-9)], ids=["alpha", "curves", "filters"]
)
def test_an_example_runs_with_only_the_import_swapped(example, within, capsys):
    found, printed = {}, {}
    for module in ("sklearn.neural_network", "nn"):
        found[module] = []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of trainings that are too short
            exec(example.format(module=module, **SIZES), {"results": found[module]})
        printed[module] = capsys.readouterr().out
    assert found["nn"] == pytest.approx(found["sklearn.neural_network"], abs=within)
    assert printed["nn"] == printed["sklearn.neural_network"]
