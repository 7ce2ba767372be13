"""From logits to probabilities, by Platt's sigmoid."""

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from fringewatch.errors import BadInputError, ModelError

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression


@dataclass(frozen=True)
class Calibration:
    """A sigmoid of the logit: probability = 1 / (1 + exp(-(slope * logit + offset)))."""

    slope: float
    """Greater than 0."""
    offset: float
    prior: float
    """Share of deforming patches that the probability assumes, between 0 and 1.

    For another share p, add ln(p / (1 - p)) - ln(prior / (1 - prior)) to the offset.
    """

    def probabilities(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the probabilities of logits of any shape; NaN stays NaN."""
        return np.asarray(expit(self.slope * logits + self.offset), dtype=np.float64)


def fitted_regression(
    samples: NDArray[np.float64],
    labels: NDArray[np.int64],
    sample_weight: NDArray[np.float64] | None = None,
    **options: Any,
) -> "LogisticRegression":
    """Return scikit-learn's logistic regression, fitted; a machine that only watches has none.

    Parameters
    ----------
    samples, labels, sample_weight
        Shape (n, d), (n,) and (n,).
    options
        Of `sklearn.linear_model.LogisticRegression`.

    Raises
    ------
    ModelError
        If scikit-learn is not installed.
    """
    try:
        from sklearn.exceptions import ConvergenceWarning  # noqa: PLC0415 - see above
        from sklearn.linear_model import LogisticRegression  # noqa: PLC0415
    except ImportError as error:
        message = (
            f"fitting a classifier needs scikit-learn ({error}): pip install scikit-learn, or "
            "all that training needs, 'fringewatch[train]'"
        )
        raise ModelError(message) from error
    regression = LogisticRegression(**options)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        try:
            return regression.fit(samples, labels, sample_weight)
        except ConvergenceWarning:
            # Near the end the line search of lbfgs can drown in rounding errors, on some
            # processors; Newton's method gets there.
            regression.set_params(solver="newton-cholesky")
    return regression.fit(samples, labels, sample_weight)


def fit_platt(logits: NDArray[np.float64], labels: NDArray[np.int64]) -> Calibration:
    """Return the sigmoid that makes held-out logits probable, at the labels' own prior.

    Parameters
    ----------
    logits, labels
        Shape (n,); the logits come from models that did not see the sample, the labels are 0 or 1
        and hold both.

    Raises
    ------
    BadInputError
        If the logits rank no better than chance, so that a probability would fall with the score.

    Notes
    -----
    Platt (1999), with his targets (N+ + 1) / (N+ + 2) and 1 / (N- + 2) in place of 1 and 0: they
    keep the slope finite where the classes are separable.
    """
    positives = int(labels.sum())
    negatives = len(labels) - positives
    targets = np.where(labels == 1, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    sigmoid = fitted_regression(
        np.concatenate((logits, logits))[:, np.newaxis],
        np.repeat([1, 0], len(logits)),
        np.concatenate((targets, 1.0 - targets)),
        C=np.inf,
        tol=1e-8,
        max_iter=1000,
    )
    slope, offset = float(sigmoid.coef_[0, 0]), float(sigmoid.intercept_[0])
    if not slope > 0:
        message = (
            f"held-out scores rank deformation no better than chance (slope {slope:.3g}): "
            "the labels are wrong, or there are too few of them to learn from"
        )
        raise BadInputError(message)
    return Calibration(slope, offset, positives / len(labels))
