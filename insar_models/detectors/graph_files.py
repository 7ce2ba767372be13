"""The graph for ONNX Runtime in a model's folder: ``model.onnx``, whose hash the card holds."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from fringewatch.errors import ModelError
from insar_models.detectors.card_entries import (
    read_calibration,
    read_number,
    read_spec,
    read_views,
    read_window,
)
from insar_models.detectors.onnx import OnnxDetector

GRAPH_FILE: Final = "model.onnx"

GRAPH_ENTRY: Final = "onnx"
"""Of the card of a model that has a graph."""


def graph_entry(graph: bytes) -> dict[str, str]:
    """Return what the card says of a graph."""
    return {"sha256": hashlib.sha256(graph).hexdigest()}


def read_onnx_detector(folder: Path, card: Mapping[str, Any]) -> OnnxDetector:
    """Return the detector that a card with a graph and the graph describe.

    Raises
    ------
    ModelError
        If the graph is missing, cut, altered, or not what the card says; an entry of the card is
        missing or of the wrong kind; or ONNX Runtime cannot run the graph.
    """
    return OnnxDetector(
        name=str(card.get("name")),
        sha256=str(card.get("sha256")),
        threshold=read_number(folder, card, "threshold"),
        spec=read_spec(folder, card),
        graph=_read_graph(folder, card),
        calibration=read_calibration(folder, card),
        window=read_window(card),
        views=read_views(folder, card),
    )


def _read_graph(folder: Path, card: Mapping[str, Any]) -> bytes:
    """The bytes of the graph that the card means."""
    path, entry = folder / GRAPH_FILE, card.get(GRAPH_ENTRY)
    wanted = entry.get("sha256") if isinstance(entry, Mapping) else None
    remedy = (
        "copy the model again, or make it where torch is "
        f"(python -m insar_models.detectors.onnx_export {folder})"
    )
    try:
        graph = path.read_bytes()
    except OSError as error:
        message = f"the graph {path} of the card cannot be read ({error.strerror}): {remedy}"
        raise ModelError(message) from error
    found = hashlib.sha256(graph).hexdigest()
    if found != wanted:
        message = (
            f"the graph {path} is not that of its card (sha256 {found[:12]}..., the card says "
            f"{str(wanted)[:12]}...): it is cut or altered; {remedy}"
        )
        raise ModelError(message)
    return graph
