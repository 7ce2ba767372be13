"""The linear detector as tensors and card entries, and back."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fringewatch.errors import ModelError
from insar_models.calibration import Calibration
from insar_models.features import FEATURE_NAMES
from insar_models.linear import LinearDetector, LinearWeights

ARCHITECTURE: Final = "linear-on-phase-features"
"""How the card calls a `LinearDetector`."""

_VECTORS = ("mean", "scale", "coefficients")


def linear_tensors(model: LinearDetector) -> dict[str, NDArray[np.float64]]:
    """Return what goes into the weights file: mean, scale, coefficients (47,), intercept (1,)."""
    weights = model.weights
    return {
        "mean": weights.mean,
        "scale": weights.scale,
        "coefficients": weights.coefficients,
        "intercept": np.array([weights.intercept]),
    }


def linear_card(model: LinearDetector) -> dict[str, object]:
    """Return what goes into the card so that the weights can be used."""
    calibration = model.calibration
    return {
        "architecture": ARCHITECTURE,
        "threshold": model.threshold,
        "calibration": {
            "slope": calibration.slope,
            "offset": calibration.offset,
            "prior": calibration.prior,
        },
        "clip_deviations": model.weights.clip_deviations,
        "features": list(FEATURE_NAMES),
    }


def read_linear(
    folder: Path, card: Mapping[str, Any], tensors: Mapping[str, NDArray[np.generic]]
) -> LinearDetector:
    """Return the detector that a card and its weights describe.

    Raises
    ------
    ModelError
        If an entry is missing or of the wrong kind, an array has another shape, a number is not
        finite or impossible, or the features are not those that this version computes.
    """
    if card.get("features") != list(FEATURE_NAMES):
        message = (
            f"the model in {folder} was trained on other features than this Fringewatch computes: "
            "train it again with this version"
        )
        raise ModelError(message)
    vectors = {name: _vector(folder, tensors, name, len(FEATURE_NAMES)) for name in _VECTORS}
    weights = LinearWeights(
        mean=vectors["mean"],
        scale=vectors["scale"],
        coefficients=vectors["coefficients"],
        intercept=float(_vector(folder, tensors, "intercept", 1)[0]),
        clip_deviations=_number(folder, card, "clip_deviations"),
    )
    if not ((weights.scale > 0).all() and weights.clip_deviations > 0):
        message = (
            f"the model in {folder} has a scale or clip_deviations of 0 or less: train it again"
        )
        raise ModelError(message)
    return LinearDetector(
        name=str(card.get("name")),
        sha256=str(card.get("sha256")),
        threshold=_number(folder, card, "threshold"),
        weights=weights,
        calibration=_calibration(folder, card),
    )


def _calibration(folder: Path, card: Mapping[str, Any]) -> Calibration:
    entry = card.get("calibration")
    if not isinstance(entry, Mapping):
        entry = {}
    found = Calibration(*(_number(folder, entry, key) for key in ("slope", "offset", "prior")))
    if not (found.slope > 0 and 0 < found.prior < 1):
        message = (
            f"{folder / 'card.json'}: the calibration must have a slope above 0 and a prior "
            f"between 0 and 1, not {found.slope} and {found.prior}: train the model again"
        )
        raise ModelError(message)
    return found


def _number(folder: Path, entries: Mapping[str, Any], key: str) -> float:
    value = entries.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        message = (
            f"{folder / 'card.json'}: {key} is {value!r}, expected a finite number: correct it, or "
            "train the model again"
        )
        raise ModelError(message)
    return float(value)


def _vector(
    folder: Path, tensors: Mapping[str, NDArray[np.generic]], name: str, length: int
) -> NDArray[np.float64]:
    tensor = tensors.get(name)
    if tensor is None or tensor.shape != (length,) or tensor.dtype != np.float64:
        found = "missing" if tensor is None else f"{tensor.dtype} of shape {tensor.shape}"
        message = (
            f"{folder / 'weights.safetensors'}: '{name}' is {found}, expected float64 of shape "
            f"({length},): train the model again"
        )
        raise ModelError(message)
    vector = tensor.astype(np.float64)
    if not np.isfinite(vector).all():
        message = (
            f"{folder / 'weights.safetensors'}: '{name}' holds numbers that are not finite: train "
            "the model again"
        )
        raise ModelError(message)
    return vector
