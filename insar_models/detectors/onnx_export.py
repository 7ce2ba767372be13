"""A trained model as a graph for ONNX Runtime.

``python -m insar_models.detectors.onnx_export FOLDER...`` adds it to models that have none.

The graph goes from inputs to the logit and the logit by place: encoder and probe in one. Filters
that are kept in half precision are so in the graph too, with the scale of the batch norm that was
folded into them beside: the file is half as large, and the numbers are the same.
"""

import argparse
import importlib.util
import logging
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from typing_extensions import override

from fringewatch.errors import FringewatchError, ModelError
from insar_models.detectors.encoder import EncoderDetector, is_filter
from insar_models.detectors.onnx import CLASS_MAP, INPUTS, LOGIT, OnnxDetector
from insar_models.detectors.registry import add_graph, load_encoder_detector
from insar_models.encoders.backbones import Backbone, TransformerNet
from insar_models.encoders.batch_norm_folding import fold_batch_norms
from insar_models.encoders.phasor_inputs import CHANNELS

if TYPE_CHECKING:
    import onnx

_NET: Final = "net."
_PACKAGES: Final = ("onnx", "onnxscript")
_MOST: Final = 1e-3
"""By which a logit may differ from that of torch; in proportion where it is above 10."""

_ROUNDING: Final = 1e-6
_LOG: Final = logging.getLogger("insar_models.detectors.onnx_export")


class _Judge(nn.Module):
    """An encoder and its probe."""

    net: Backbone
    weights: torch.Tensor
    bias: torch.Tensor

    def __init__(self, detector: EncoderDetector, net: Backbone) -> None:
        super().__init__()
        self.net = net
        weights = detector.probe.coefficients / detector.probe.scale
        self.register_buffer("weights", torch.from_numpy(weights).float()[None, :, None, None])
        self.register_buffer("bias", torch.tensor([detector.bias]).float())

    @override
    def forward(self, inputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        maps = self.net.maps(inputs)
        by_place = nn.functional.conv2d(maps, self.weights, self.bias)[:, 0]
        # A transformer's features are those of its class token, no mean over places.
        pooled = isinstance(self.net, TransformerNet)
        features = self.net(inputs) if pooled else maps.mean(dim=(2, 3))
        return features @ self.weights.flatten() + self.bias, by_place


def missing_packages() -> list[str]:
    """Return those packages that exporting needs and that are not installed."""
    return [name for name in _PACKAGES if importlib.util.find_spec(name) is None]


def graph_of(detector: EncoderDetector) -> bytes:
    """Return the graph of a detector in ONNX's format; the same detector gives the same bytes.

    Where ONNX Runtime is installed, the graph is held against the detector on patches of chance.

    Raises
    ------
    ModelError
        If a package is missing, the net cannot be exported, or the graph does not score as the
        detector does.
    """
    missing = missing_packages()
    if missing:
        message = (
            f"a graph for ONNX Runtime needs {' and '.join(missing)}: pip install "
            "'fringewatch[train]'"
        )
        raise ModelError(message)
    folded = fold_batch_norms(detector.encoder.backbone).cpu()
    model = _exported(_Judge(detector, folded).eval(), detector)
    _keep_half(model.graph, detector.encoder.backbone.state_dict())
    _strip(model)
    graph: bytes = model.SerializeToString(deterministic=True)
    if importlib.util.find_spec("onnxruntime") is not None:
        _check(detector, graph)
    return graph


def _exported(judge: _Judge, detector: EncoderDetector) -> "onnx.ModelProto":
    """The graph that torch makes of the net."""
    side = detector.encoder.spec.size
    for name in _PACKAGES:  # they tell of every node that they tidy
        logging.getLogger(name).setLevel(logging.WARNING)
    try:
        program = torch.onnx.export(
            judge,
            (torch.zeros(2, CHANNELS, side, side),),
            dynamo=True,
            verbose=False,
            input_names=[INPUTS],
            output_names=[LOGIT, CLASS_MAP],
            dynamic_shapes=({0: torch.export.Dim("n")},),
        )
    except torch.onnx.OnnxExporterError as error:
        message = (
            f"torch cannot export the {detector.encoder.spec.architecture} of model "
            f"{detector.name} ({error}): score with torch, or choose another architecture"
        )
        raise ModelError(message) from error
    if program is None:
        message = f"torch exported nothing of model {detector.name}: update torch"
        raise ModelError(message)
    return program.model_proto


def _keep_half(graph: "onnx.GraphProto", before: Mapping[str, torch.Tensor]) -> None:
    """Keep filters in half precision, times a scale for each channel, where that is the same.

    ONNX Runtime multiplies them out once, when it prepares the graph.

    Parameters
    ----------
    graph
        With batch norms folded into its filters; altered.
    before
        The tensors of the net as it was.
    """
    from onnx import TensorProto, helper, numpy_helper  # noqa: PLC0415 - training machines alone

    nodes = []
    for held in [one for one in graph.initializer if one.name.startswith(_NET)]:
        unscaled = before.get(held.name.removeprefix(_NET))
        if unscaled is None or not is_filter(unscaled) or list(unscaled.shape) != list(held.dims):
            continue
        half = unscaled.detach().cpu().half().numpy()
        scaled = numpy_helper.to_array(held)
        scale = _scale(scaled, half)
        difference = np.abs(scale * half.astype(np.float32) - scaled).max()
        if difference > _ROUNDING * np.abs(scaled).max():
            continue
        parts = [f"{held.name}.half", f"{held.name}.unscaled", f"{held.name}.scale"]
        nodes.append(helper.make_node("Cast", parts[:1], parts[1:2], to=TensorProto.FLOAT))
        nodes.append(helper.make_node("Mul", parts[1:], [held.name]))
        graph.initializer.remove(held)
        graph.initializer.append(numpy_helper.from_array(half, parts[0]))
        graph.initializer.append(numpy_helper.from_array(scale, parts[2]))
    kept = list(graph.node)
    del graph.node[:]
    graph.node.extend([*nodes, *kept])


def _scale(scaled: NDArray[Any], half: NDArray[Any]) -> NDArray[np.float32]:
    """Return by what each channel of filters was multiplied: float32 (channels, 1, ...)."""
    rows = half.reshape(len(half), -1).astype(np.float64)
    size = (rows**2).sum(axis=1)
    scale = (scaled.reshape(rows.shape) * rows).sum(axis=1) / np.where(size > 0, size, 1.0)
    found: NDArray[np.float32] = scale.astype(np.float32).reshape(-1, *[1] * (half.ndim - 1))
    return found


def _strip(model: "onnx.ModelProto") -> None:
    """Take out what tells of the machine that exported, such as lines of its source files."""
    graph = model.graph
    parts = [graph.node, graph.input, graph.output, graph.value_info, graph.initializer]
    for one in (model, graph, *(one for part in parts for one in part)):
        del one.metadata_props[:]
        one.doc_string = ""
    del graph.value_info[:]


def _check(detector: EncoderDetector, graph: bytes) -> None:
    """Pass a graph that scores as the detector that it was made of."""
    side, chance = detector.encoder.spec.size, np.random.default_rng(0)
    rows, columns = np.mgrid[0:side, 0:side] / side
    slopes, noise = chance.uniform(-8, 8, (2, 8, 1, 1)), chance.uniform(0, 0.5, (8, side, side))
    turns = slopes[0] * rows + slopes[1] * columns + noise
    codes = (1 + (turns * 254) % 254).astype(np.uint8)
    runs = OnnxDetector(
        detector.name,
        "",
        detector.threshold,
        detector.calibration,
        detector.encoder.spec,
        graph,
        views=detector.views,
    )
    expected = detector.logits_of_codes(codes)
    off = np.abs(runs.logits_of_codes(codes) - expected)
    _LOG.info("ONNX Runtime's logits differ from torch's by up to %.2g", off.max())
    if not (off <= _MOST * np.maximum(1.0, np.abs(expected) / 10.0)).all():
        message = (
            f"the graph of model {detector.name} scores otherwise than torch, by {off.max():.2g} "
            "logits: score with torch, and tell the makers of Fringewatch"
        )
        raise ModelError(message)


def main(arguments: Sequence[str] | None = None) -> int:
    """Return the exit code: 0, or 1 if a folder has no graph now, which is said in one line."""
    parser = argparse.ArgumentParser(
        prog="python -m insar_models.detectors.onnx_export",
        description="Write model.onnx into folders of trained models, so that they score without "
        "torch. Everything else in the folders stays as it is, but for the card's entry.",
    )
    parser.add_argument("folders", metavar="FOLDER", nargs="+", type=Path)
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s", force=True)
    failed = False
    for folder in given.folders:
        try:
            graph = graph_of(load_encoder_detector(folder))
            add_graph(folder, graph)
            _LOG.info("%s has a graph of %.1f MB", folder, len(graph) / 1e6)
        except FringewatchError as error:
            _LOG.error("%s", error)
            failed = True
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
