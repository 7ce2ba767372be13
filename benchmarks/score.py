"""How quickly a detector scores patches, beside its net alone and beside baseline-0.

    python -m benchmarks.score [--architecture resnet18] [--size 224] [--device cuda] [--compile]

The reference, in the same run, is the bare net: the same weights in eval mode on inputs that are
ready, in batches of 32, channels last, as it learned. The detector begins with phase bytes, makes
the inputs, and ends with logits; its net has its batch norms folded. "From radians" is what
others may need: bytes to radians, and the detector's own way back. "ONNX Runtime" is what a watch
runs: the same detector as a graph, from bytes; and the graph alone. "Whole pairs" is all that a
watch does for a pair of an open cube, from chunks to the row of the table with its place, by
detectors of one view and of several; beside the graph alone in as many. Patches are random smooth
fields with noise, a corner of them without data. OpenVINO is not measured.
"""

import argparse
import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Final

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray

from benchmarks.clocks import Cost, machine, measure, verdict
from benchmarks.corpus_batches import make_patches
from catalogs.cubes.pair_tile import PairTile
from catalogs.rasters.grid import Grid, volcano_window
from catalogs.records import DatePair
from fringewatch.numbers import NO_DATA_CODE, PIXEL_DEGREES, WINDOW_SIZE
from insar_models.detectors.calibration import Calibration
from insar_models.detectors.encoder import EncoderDetector
from insar_models.detectors.linear import LinearWeights
from insar_models.detectors.onnx import BATCH as ONNX_BATCH
from insar_models.detectors.onnx import LOGIT, OnnxDetector
from insar_models.detectors.onnx_export import graph_of
from insar_models.detectors.registry import DEFAULT_MODEL, find_model
from insar_models.encoders.encoder import make_encoder
from insar_models.encoders.features import BATCH, inputs_of, scorer_of
from insar_models.encoders.phasor_inputs import phasor_inputs
from insar_models.encoders.spec import EncoderSpec
from insar_models.phase.codes import decode_phase
from insar_models.phase.window_patches import PATCH_ORIGINS
from tasks.assess.windows import cube_in_memory
from tasks.judge.score import score_cube

AIM: Final = 0.9
"""Of the bare net's rate that the detector is to have."""

_BARE: Final = "bare net, eval mode"
_FOLDED: Final = "bare net, folded"
_BYTES: Final = "detector, from bytes"
_RADIANS: Final = "detector, from radians"
_GRAPH: Final = "bare graph, ONNX Runtime"
_ONNX: Final = "ONNX Runtime, from bytes"
_PAIRS: Final = "whole pairs, ONNX Runtime"
_PAIRS_OF_VIEWS: Final = "whole pairs, several views"
_GRAPH_OF_VIEWS: Final = "bare graph, several views"

ONNX_AIM: Final = 1.5
"""Of the rate of torch's detector that ONNX Runtime's is to have, both from bytes."""

Ways = dict[str, Callable[[], object]]


def make_detector(spec: EncoderSpec, device: str) -> EncoderDetector:
    """Return a detector with random weights: they take as long as any."""
    encoder = make_encoder(spec, seed=0)
    chance = np.random.default_rng(1)
    probe = LinearWeights(
        mean=np.zeros(encoder.dimension),
        scale=np.ones(encoder.dimension),
        coefficients=chance.normal(size=encoder.dimension),
        intercept=0.0,
        clip_deviations=np.inf,
    )
    calibration = Calibration(1.0, 0.0, 0.5)
    return EncoderDetector("random", "", 0.0, calibration, encoder, probe, device=device)


def ways_of_net(detector: EncoderDetector, codes: NDArray[np.uint8], *, compiled: bool) -> Ways:
    """Return the net alone, in its forms, on inputs that were made before."""
    folded = scorer_of(detector.encoder, detector.device)
    bare = make_encoder(detector.encoder.spec, seed=0).eval().to(detector.device)
    bare.requires_grad_(requires_grad=False).to(memory_format=torch.channels_last)
    plain = make_encoder(detector.encoder.spec, seed=0).eval().to(detector.device)
    with torch.inference_mode():
        inputs = [
            inputs_of(folded, codes[first : first + BATCH]) for first in range(0, len(codes), BATCH)
        ]
        not_last = [batch.contiguous(memory_format=torch.contiguous_format) for batch in inputs]
    ways: Ways = {
        _BARE: lambda: forward(bare, inputs),
        "bare net, channels first": lambda: forward(plain, not_last),
        _FOLDED: lambda: forward(folded, inputs),
    }
    if compiled:
        quick: Callable[[torch.Tensor], object] = torch.compile(folded.backbone)
        ways["bare net, folded and compiled"] = lambda: forward(quick, inputs)
    return ways


@torch.inference_mode()
def forward(net: Callable[[torch.Tensor], object], inputs: list[torch.Tensor]) -> None:
    """Run the net on all batches."""
    for batch in inputs:
        net(batch)


def ways_of_detectors(detector: EncoderDetector, codes: NDArray[np.uint8]) -> Ways:
    """Return the detector from bytes and from radians, and baseline-0."""
    baseline = find_model(DEFAULT_MODEL, None)
    few = codes[: max(1, len(codes) // 8)]  # it takes its time
    return {
        _BYTES: lambda: detector.logits_of_codes(codes),
        _RADIANS: lambda: detector.logits(decode_phase(codes)),
        DEFAULT_MODEL: lambda: baseline.logits(decode_phase(few)),
    }


def ways_of_graph(
    detector: EncoderDetector, codes: NDArray[np.uint8], threads: int, views: int
) -> Ways:
    """Return the same detector run by ONNX Runtime, and its graph alone; tell how they differ."""
    runs = OnnxDetector(
        detector.name,
        "",
        detector.threshold,
        detector.calibration,
        detector.spec,
        graph_of(detector),
        threads=threads,
    )
    off = np.abs(runs.logits_of_codes(codes) - detector.logits_of_codes(codes)).max()
    print(f"ONNX Runtime's logits differ from torch's by up to {off:.1e}")
    inputs = [
        phasor_inputs(codes[first : first + ONNX_BATCH], runs.spec)
        for first in range(0, len(codes), ONNX_BATCH)
    ]
    cube = cube_of(codes)
    no_water = np.zeros((WINDOW_SIZE, WINDOW_SIZE), dtype=np.bool_)
    more = replace(runs, views=views)
    with_views = [batch for batch in inputs for _ in range(views)]
    return {
        _GRAPH: lambda: [runs.run(LOGIT, batch) for batch in inputs],
        _ONNX: lambda: runs.logits_of_codes(codes),
        _PAIRS: lambda: score_cube(cube, runs, no_water, 0.1),
        _GRAPH_OF_VIEWS: lambda: [more.run(LOGIT, batch) for batch in with_views],
        _PAIRS_OF_VIEWS: lambda: score_cube(cube, more, no_water, 0.1),
    }


def cube_of(codes: NDArray[np.uint8]) -> xr.Dataset:
    """Return a cube in memory of as many pairs as nine patches of each make."""
    count = pairs_of(codes)
    windows = [np.tile(patch, (3, 3))[:WINDOW_SIZE, :WINDOW_SIZE] for patch in codes[:count]]
    coherent = np.full((WINDOW_SIZE, WINDOW_SIZE), 200, dtype=np.uint8)
    days = [dt.date(2020, 1, 1) + dt.timedelta(days=12 * at) for at in range(count + 1)]
    tiles = [
        PairTile(DatePair(*dates), window, coherent)
        for dates, window in zip(pairwise(days), windows, strict=True)
    ]
    grid = Grid(0.0, 1.0, PIXEL_DEGREES, PIXEL_DEGREES, 1000, 1000)
    return cube_in_memory(volcano_window(grid, 0.5, 0.5), tiles)


def pairs_of(codes: NDArray[np.uint8]) -> int:
    """Return how many pairs have as many patches, one at least."""
    return max(1, len(codes) // len(PATCH_ORIGINS))


def print_table(costs: dict[str, Cost], counts: dict[str, int], threads: int) -> None:
    """Print rates, and each way's share of the bare net's."""
    nine = len(PATCH_ORIGINS)
    print(
        f"\n{'':31}{'patches/s':>10}{'pairs/s':>9}{'per core and s':>16}"
        f"{'ms of processor':>17}{'of the bare net':>17}{'(processor)':>13}"
    )
    bare = costs[_BARE]
    for name, cost in costs.items():
        count, most = counts[name], counts[_BARE]
        share = bare.wall_s / most * count / cost.wall_s
        of_processor = bare.processor_s / most * count / cost.processor_s
        print(
            f"{name:31}{count / cost.wall_s:10.0f}{count / cost.wall_s / nine:9.1f}"
            f"{count / cost.processor_s:16.0f}{1e3 * cost.processor_s / count:17.3f}"
            f"{share:16.0%} {of_processor:12.0%}"
        )
    print(f"({threads} threads; a pair has {nine} patches of 224 x 224)\n")


def main() -> None:
    """Print the table and whether the aim is reached."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--architecture", default="compact")
    parser.add_argument("--inputs", default="coherent", choices=["coherent", "phasor", "grey"])
    parser.add_argument("--size", type=int, default=112, help="pixels of what the net sees")
    parser.add_argument("--patches", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--views", type=int, default=4, help="of whole pairs")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--compile", action="store_true", help="torch.compile, too")
    words = parser.parse_args()
    torch.set_num_threads(words.threads)
    spec = EncoderSpec.parse(
        {"architecture": words.architecture, "inputs": words.inputs, "size": words.size}
    )
    codes = make_patches(words.patches)
    codes[:, :40, :60] = NO_DATA_CODE
    detector = make_detector(spec, words.device)
    print(f"{spec.architecture}, {spec.inputs} inputs of {spec.size} pixels; seeds 0 and 1")
    print(machine(words.device))
    ways = ways_of_net(detector, codes, compiled=words.compile)
    ways |= ways_of_detectors(detector, codes)
    if words.device == "cpu":
        ways |= ways_of_graph(detector, codes, words.threads, words.views)
    counts = dict.fromkeys(ways, len(codes)) | {DEFAULT_MODEL: max(1, len(codes) // 8)}
    counts |= dict.fromkeys((_PAIRS, _PAIRS_OF_VIEWS), len(PATCH_ORIGINS) * pairs_of(codes))
    costs = measure(ways, words.rounds, words.device)
    print_table(costs, counts, words.threads)
    for clock in ("wall_s", "processor_s") if words.device == "cpu" else ("wall_s",):
        for name in (_BYTES, _RADIANS):
            for bare, share in ((_BARE, AIM), (_FOLDED, None)):
                found = getattr(costs[bare], clock) / getattr(costs[name], clock)
                line = f"{name}, share of the {bare}'s rate by the {clock.removesuffix('_s')}"
                print(f"{line}: {found:.2f}" if share is None else verdict(line, found, share))
        if _ONNX in costs:
            found = getattr(costs[_BYTES], clock) / getattr(costs[_ONNX], clock)
            line = f"{_ONNX}, of torch's detector's rate by the {clock.removesuffix('_s')}"
            print(verdict(line, found, ONNX_AIM))
            for pairs, bare in ((_PAIRS, _GRAPH), (_PAIRS_OF_VIEWS, _GRAPH_OF_VIEWS)):
                found = getattr(costs[bare], clock) / counts[bare] * counts[pairs]
                found /= getattr(costs[pairs], clock)
                line = f"{pairs}, share of the {bare}'s rate by the {clock.removesuffix('_s')}"
                print(
                    verdict(line, found, AIM)
                    if pairs == _PAIRS_OF_VIEWS
                    else f"{line}: {found:.2f}"
                )


if __name__ == "__main__":
    main()
