"""The detector of an encoder and a probe as tensors and card entries, and back."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from fringewatch.errors import ModelError
from insar_models.detectors.card_entries import (
    ENCODER_ARCHITECTURE,
    calibration_entry,
    linear_weights_tensors,
    read_calibration,
    read_linear_weights,
    read_number,
    read_spec,
    read_views,
    read_window,
)
from insar_models.detectors.encoder import EncoderDetector, is_filter
from insar_models.encoders.backbones import make_backbone
from insar_models.encoders.encoder import Encoder
from insar_models.encoders.weights import fill
from insar_models.model_folder import CARD_FILE, WEIGHTS_FILE

_ENCODER: Final = "encoder."
_PROBE: Final = "probe."
_KINDS: Final = ("float16", "float32", "int64")
"""Types that tensors of an encoder have; int64 counts batches."""


def encoder_tensors(model: EncoderDetector) -> dict[str, NDArray[Any]]:
    """Return what goes into the weights file.

    Raises
    ------
    ModelError
        If a number is not finite, also if only in half precision.
    """
    tensors: dict[str, NDArray[Any]] = {}
    for name, tensor in model.encoder.backbone.state_dict().items():
        kept = tensor.detach().cpu().contiguous()
        kept = kept.half() if model.half and is_filter(kept) else kept
        tensors[_ENCODER + name] = kept.numpy()
    probe = linear_weights_tensors(model.probe)
    tensors |= {_PROBE + name: array for name, array in probe.items()}
    for name, array in tensors.items():
        if not np.isfinite(array).all():
            message = (
                f"the model {model.name} holds numbers that are not finite, in '{name}': train it "
                "again, or use an older checkpoint"
            )
            raise ModelError(message)
    return tensors


def encoder_card(model: EncoderDetector) -> dict[str, object]:
    """Return what goes into the card so that the weights can be used."""
    return {
        "architecture": ENCODER_ARCHITECTURE,
        "threshold": model.threshold,
        "calibration": calibration_entry(model.calibration),
        "encoder": model.encoder.spec.as_dict(),
        "dimension": model.encoder.dimension,
        "half_precision": model.half,
        **({} if model.views == 1 else {"views": model.views}),
        **({} if model.window is None else {"window": model.window.as_dict()}),
    }


def read_encoder_detector(
    folder: Path, card: Mapping[str, Any], tensors: Mapping[str, NDArray[np.generic]]
) -> EncoderDetector:
    """Return the detector that a card and its weights describe, on the CPU.

    Raises
    ------
    ModelError
        If an entry of the card is missing or of the wrong kind; a tensor is missing, unknown, of
        another type or shape, or not finite; or the encoder needs a package that is not installed.
    """
    spec = read_spec(folder, card)
    half = card.get("half_precision")
    if not isinstance(half, bool):
        message = (
            f"{folder / CARD_FILE}: half_precision is {half!r}, expected true or false: correct "
            "it, or train the model again"
        )
        raise ModelError(message)
    ours = {name: array for name, array in tensors.items() if name.startswith(_ENCODER)}
    probe = {name: array for name, array in tensors.items() if name.startswith(_PROBE)}
    _check_names(folder, tensors, {*ours, *probe})
    with torch.random.fork_rng(devices=[]):  # whoever loads between two draws draws the same
        backbone = make_backbone(spec)
    fill(backbone, _as_torch(folder, ours), source=str(folder), size=spec.size)
    return EncoderDetector(
        name=str(card.get("name")),
        sha256=str(card.get("sha256")),
        threshold=read_number(folder, card, "threshold"),
        encoder=Encoder(spec, backbone).eval(),
        probe=read_linear_weights(folder, probe, backbone.dimension, math.inf, _PROBE),
        calibration=read_calibration(folder, card),
        half=half,
        window=read_window(card),
        views=read_views(folder, card),
    )


def _check_names(folder: Path, tensors: Mapping[str, NDArray[np.generic]], known: set[str]) -> None:
    wanted = {_PROBE + name for name in ("mean", "scale", "coefficients", "intercept")}
    strange = sorted((set(tensors) - known) | {n for n in known if n.startswith(_PROBE)} - wanted)
    if strange:
        message = (
            f"{folder / WEIGHTS_FILE}: '{strange[0]}' is no tensor of an encoder or its "
            "probe: train or copy the model again"
        )
        raise ModelError(message)


def _as_torch(folder: Path, tensors: Mapping[str, NDArray[np.generic]]) -> dict[str, torch.Tensor]:
    """The weights of the encoder by their names in the net."""
    found = {}
    for name, array in tensors.items():
        if str(array.dtype) not in _KINDS:
            message = (
                f"{folder / WEIGHTS_FILE}: '{name}' is {array.dtype}, expected one of "
                f"{', '.join(_KINDS)}: train or copy the model again"
            )
            raise ModelError(message)
        found[name.removeprefix(_ENCODER)] = torch.from_numpy(np.array(array))
    return found
