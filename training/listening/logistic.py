"""Logistic regression over several classes, with a penalty on the squares of its weights.

Minimises ½·Σ w² + C·Σ −log p(label), over inputs brought to mean 0 and deviation 1; as scikit-learn's
`LogisticRegression`, which this took the place of, so that its figures in the notes hold here, too.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import logsumexp

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Linear:
    """Log-odds are `weights @ inputs + offsets`."""

    weights: Values
    """`[classes, inputs]`."""
    offsets: Values
    """`[classes]`."""

    def log_probabilities(self, inputs: Values) -> Values:
        """Natural logarithms, `[cases, classes]`, for `[cases, inputs]`."""
        odds = inputs @ self.weights.T + self.offsets
        return odds - logsumexp(odds, axis=1, keepdims=True)


def fit(inputs: Values, labels: NDArray[np.intp], classes: int, trust: float) -> Linear:
    """Learn from `[cases, inputs]` and as many labels below `classes`; `trust` is C."""
    mean, deviation = inputs.mean(axis=0), inputs.std(axis=0) + 1e-9
    standard = (inputs - mean) / deviation
    truth = np.eye(classes)[labels]
    count = inputs.shape[1]

    def loss(flat: Values) -> tuple[float, Values]:
        table = flat.reshape(classes, count + 1)
        weights, offsets = table[:, :count], table[:, count]
        odds = standard @ weights.T + offsets
        total = logsumexp(odds, axis=1, keepdims=True)
        surplus = np.exp(odds - total) - truth
        slopes = np.concatenate(
            [weights + trust * surplus.T @ standard, trust * surplus.sum(axis=0)[:, None]], axis=1
        )
        unlikely = (total - odds)[truth > 0].sum()
        return 0.5 * float(np.square(weights).sum()) + trust * float(unlikely), slopes.ravel()

    found = minimize(
        loss, np.zeros(classes * (count + 1)), jac=True, method="L-BFGS-B", options={"maxiter": 2000}
    )
    table = np.asarray(found.x).reshape(classes, count + 1)
    weights = table[:, :count] / deviation
    return Linear(weights, table[:, count] - weights @ mean)
