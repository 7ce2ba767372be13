"""The linear detector as tensors and card entries, and back."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fringewatch.errors import ModelError
from insar_models.detectors.card_entries import (
    calibration_entry,
    linear_weights_tensors,
    read_calibration,
    read_linear_weights,
    read_number,
)
from insar_models.detectors.linear import LinearDetector
from insar_models.phase.features import FEATURE_NAMES

ARCHITECTURE: Final = "linear-on-phase-features"
"""How the card calls a `LinearDetector`."""


def linear_tensors(model: LinearDetector) -> dict[str, NDArray[np.float64]]:
    """Return what goes into the weights file: mean, scale, coefficients (47,), intercept (1,)."""
    return linear_weights_tensors(model.weights)


def linear_card(model: LinearDetector) -> dict[str, object]:
    """Return what goes into the card so that the weights can be used."""
    return {
        "architecture": ARCHITECTURE,
        "threshold": model.threshold,
        "calibration": calibration_entry(model.calibration),
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
    clip_deviations = read_number(folder, card, "clip_deviations")
    return LinearDetector(
        name=str(card.get("name")),
        sha256=str(card.get("sha256")),
        threshold=read_number(folder, card, "threshold"),
        weights=read_linear_weights(folder, tensors, len(FEATURE_NAMES), clip_deviations),
        calibration=read_calibration(folder, card),
    )
