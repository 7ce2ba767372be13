"""Numbers out of a model's files: each is there and finite, or the model is refused."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fringewatch.errors import BadInputError, ModelError
from insar_models.detectors.calibration import Calibration
from insar_models.detectors.linear import LinearWeights
from insar_models.detectors.views import check_views
from insar_models.detectors.window_score import WindowScore
from insar_models.encoders.spec import EncoderSpec
from insar_models.model_folder import CARD_FILE, WEIGHTS_FILE

ENCODER_ARCHITECTURE: Final = "encoder-and-probe"
"""How the card calls an `EncoderDetector`; here, where no torch is needed to read it."""

_VECTORS = ("mean", "scale", "coefficients")


def read_number(folder: Path, entries: Mapping[str, Any], key: str) -> float:
    """Return a number of the card in `folder`.

    Raises
    ------
    ModelError
        If it is missing, no number, or not finite.
    """
    value = entries.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        message = (
            f"{folder / CARD_FILE}: {key} is {value!r}, expected a finite number: correct it, or "
            "train the model again"
        )
        raise ModelError(message)
    return float(value)


def calibration_entry(calibration: Calibration) -> dict[str, float]:
    """Return what `read_calibration` reads."""
    return {"slope": calibration.slope, "offset": calibration.offset, "prior": calibration.prior}


def read_calibration(folder: Path, card: Mapping[str, Any]) -> Calibration:
    """Return the calibration of the card in `folder`.

    Raises
    ------
    ModelError
        If a number of it is missing or impossible.
    """
    entry = card.get("calibration")
    if not isinstance(entry, Mapping):
        entry = {}
    found = Calibration(*(read_number(folder, entry, key) for key in ("slope", "offset", "prior")))
    if not (found.slope > 0 and 0 < found.prior < 1):
        message = (
            f"{folder / CARD_FILE}: the calibration must have a slope above 0 and a prior "
            f"between 0 and 1, not {found.slope} and {found.prior}: train the model again"
        )
        raise ModelError(message)
    return found


def read_spec(folder: Path, card: Mapping[str, Any]) -> EncoderSpec:
    """Return what kind of encoder the card in `folder` describes.

    Raises
    ------
    ModelError
        If it describes none, or one that this version lacks.
    """
    entries = card.get("encoder")
    if not isinstance(entries, Mapping):
        message = f"{folder / 'card.json'} describes no encoder: train or copy the model again"
        raise ModelError(message)
    try:
        return EncoderSpec.parse(entries)
    except BadInputError as error:
        message = (
            f"{folder / 'card.json'} describes an encoder that this version lacks: {error}; update "
            "Fringewatch, or choose another model"
        )
        raise ModelError(message) from error


def read_window(card: Mapping[str, Any]) -> WindowScore | None:
    """Return how a model's nine logits become a window's, if its card says so.

    Raises
    ------
    ModelError
        If the entry is damaged.
    """
    return WindowScore.of_dict(card["window"]) if "window" in card else None


def read_views(folder: Path, card: Mapping[str, Any]) -> int:
    """Return in how many views a model looks at a patch: 1 where the card does not say.

    Raises
    ------
    ModelError
        If it says a number that cannot be.
    """
    views = card.get("views", 1)
    try:
        check_views(views)
    except BadInputError as error:
        message = f"{folder / CARD_FILE}: {error}; correct it, or copy the model again"
        raise ModelError(message) from error
    return int(views)


def linear_weights_tensors(weights: LinearWeights) -> dict[str, NDArray[np.float64]]:
    """Return what `read_linear_weights` reads; the limit of the deviations is not among it."""
    return {
        "mean": weights.mean,
        "scale": weights.scale,
        "coefficients": weights.coefficients,
        "intercept": np.array([weights.intercept]),
    }


def read_linear_weights(
    folder: Path,
    tensors: Mapping[str, NDArray[np.generic]],
    count: int,
    clip_deviations: float,
    prefix: str = "",
) -> LinearWeights:
    """Return linear weights out of the tensors of a model.

    Parameters
    ----------
    folder
        Of the model, for messages.
    tensors
        Of the weights file: mean, scale, coefficients (count,) and intercept (1,), float64.
    count
        Features.
    clip_deviations
        As in `LinearWeights`.
    prefix
        Of the names of the tensors.

    Raises
    ------
    ModelError
        If a tensor is missing, of another type or shape, not finite, or a scale is not positive.
    """
    vectors = {name: _vector(folder, tensors, prefix + name, count) for name in _VECTORS}
    weights = LinearWeights(
        mean=vectors["mean"],
        scale=vectors["scale"],
        coefficients=vectors["coefficients"],
        intercept=float(_vector(folder, tensors, f"{prefix}intercept", 1)[0]),
        clip_deviations=clip_deviations,
    )
    if not ((weights.scale > 0).all() and weights.clip_deviations > 0):
        message = (
            f"the model in {folder} has a scale or clip_deviations of 0 or less: train it again"
        )
        raise ModelError(message)
    return weights


def _vector(
    folder: Path, tensors: Mapping[str, NDArray[np.generic]], name: str, length: int
) -> NDArray[np.float64]:
    """A vector of a probe, float64 (length,)."""
    tensor = tensors.get(name)
    if tensor is None or tensor.shape != (length,) or tensor.dtype != np.float64:
        found = "missing" if tensor is None else f"{tensor.dtype} of shape {tensor.shape}"
        message = (
            f"{folder / WEIGHTS_FILE}: '{name}' is {found}, expected float64 of shape "
            f"({length},): train the model again"
        )
        raise ModelError(message)
    vector = tensor.astype(np.float64)
    if not np.isfinite(vector).all():
        message = (
            f"{folder / WEIGHTS_FILE}: '{name}' holds numbers that are not finite: train "
            "the model again"
        )
        raise ModelError(message)
    return vector
