"""Networks in the form that scikit-learn's users know: its parameters, attributes and behaviour.

They read in this order: `network` (the recorded loss, and weights as matrices) → `descent` (the solvers) →
`base` (what both estimators share) → `classifier` and `regressor`.  Needs scikit-learn.
"""

from nn.estimators.classifier import MLPClassifier
from nn.estimators.regressor import MLPRegressor

__all__ = ["MLPClassifier", "MLPRegressor"]
