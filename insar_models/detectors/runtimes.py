"""What runs an encoder on this machine: ONNX Runtime, or torch."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from fringewatch.errors import ModelError
from insar_models.detectors.graph_files import GRAPH_ENTRY, GRAPH_FILE, read_onnx_detector
from insar_models.detectors.protocol import Detector

if TYPE_CHECKING:
    from insar_models.detectors.encoder import EncoderDetector

_LOG: Final = logging.getLogger(__name__)

_Tensors = Mapping[str, NDArray[np.generic]]


def read_encoder(folder: Path, card: Mapping[str, Any], tensors: _Tensors) -> Detector:
    """Return the detector of a card: run by ONNX Runtime where it is and there is a graph.

    Raises
    ------
    ModelError
        If neither that nor torch is installed, or the folder's content is damaged.
    """
    if GRAPH_ENTRY not in card:
        return read_with_torch(folder, card, tensors)
    try:
        import onnxruntime  # noqa: F401, PLC0415 - a training machine has none
    except ImportError as error:
        _LOG.info("model %s is run by torch, since there is no onnxruntime (%s)", folder, error)
        return read_with_torch(folder, card, tensors)
    return read_onnx_detector(folder, card)


def read_with_torch(folder: Path, card: Mapping[str, Any], tensors: _Tensors) -> "EncoderDetector":
    """Return the same as torch runs it.

    Raises
    ------
    ModelError
        If torch is not installed, or the folder's content is damaged.
    """
    try:  # torch is not there on every machine, and takes seconds to import
        from insar_models.detectors.encoder_card import read_encoder_detector  # noqa: PLC0415
    except ImportError as error:
        if GRAPH_ENTRY in card:
            needs = "onnxruntime, or torch and torchvision"
            advice = "pip install onnxruntime"
        else:
            needs = f"torch and torchvision, since it has no {GRAPH_FILE}"
            advice = (
                "make one where torch is "
                f"(python -m insar_models.detectors.onnx_export {folder}), or pip install "
                "'fringewatch[train]'"
            )
        message = (
            f"the model in {folder} is an encoder, which needs {needs} ({error}): {advice}, or "
            "choose another model"
        )
        raise ModelError(message) from error
    return read_encoder_detector(folder, card, tensors)
