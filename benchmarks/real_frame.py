"""What models say of a real frame over the western Galapagos, as a watch would.

    python -m benchmarks.real_frame --data FOLDER [--model NAME ...] [--models DIR]

FOLDER holds `licsar/106A_09048_000909`: seven pairs of early 2024. Those over 2024-03-02 show the
eruption of Fernandina. The caldera of Sierra Negra inflates in all. The frame's heights are not
there: the mean of its delays, a smooth function of height, stands in for them where air is taken
away. Nothing is fitted to this frame; whatever a model learned of the Galapagos, its card says.
"""

import argparse
import datetime as dt
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.air_correction import DATA_HELP, FRAME, WATER_COHERENCE, RealWindow, read_volcano
from catalogs.cubes.pair_tile import PairTile
from catalogs.ledger.rows import PairScore
from catalogs.rasters.grid import Window, volcano_window
from catalogs.rasters.reading import read_grid
from catalogs.records import DatePair, Product
from catalogs.settings import Settings
from catalogs.world.volcanoes import find_volcano
from insar_models.air import remove_air
from insar_models.detectors.protocol import Detector
from insar_models.detectors.registry import find_model
from insar_models.detectors.views import views_of
from insar_models.phase.window_patches import find_water
from tasks.assess.windows import cube_in_memory
from tasks.judge.score import score_cube

VOLCANOES: Final = ("fernandina", "sierra-negra", "wolf", "darwin", "alcedo", "cerro-azul")
ERUPTION: Final = dt.date(2024, 3, 2)
ERUPTING: Final = "fernandina"


def main() -> None:
    """Print a table for each volcano, and the margin of the eruption."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.real_frame")
    parser.add_argument("--data", type=Path, required=True, help=DATA_HELP)
    default = [str(Settings.model_fields["model"].default), "simclr-compact-1", "baseline-0"]
    parser.add_argument("--model", nargs="+", default=default)
    parser.add_argument("--models", type=Path, help="folder of models beside the shipped ones")
    given = parser.parse_args()
    models = [find_model(name, given.models) for name in given.model]
    frame = given.data / "licsar" / FRAME
    for model in models:
        print(f"\n{model.name}, threshold {model.threshold:.2f}, {views_of(model)} view(s)")
        print(
            "| volcano | pair | air removed | score as it came | score less air |\n"
            + "|---" * 5
            + "|"
        )
        for volcano in VOLCANOES:
            _print_volcano(frame, volcano, model)


def _print_volcano(frame: Path, volcano: str, model: Detector) -> None:
    window = read_volcano(frame, volcano)
    found = [remove_air(one.phase, one.coherence, [window.heights]) for one in window.pairs]
    place = find_volcano(volcano)
    first = next((frame / "interferograms").glob(f"*/*{Product.DIFF_PHA.ending}"))
    where = volcano_window(read_grid(first, Product.DIFF_PHA), place.latitude, place.longitude)
    as_it_came = _scores(window, [one.phase for one in window.pairs], where, model)
    less_air = _scores(window, [one.phase for one in found], where, model)
    for pair, correction, before, after in zip(
        window.pairs, found, as_it_came, less_air, strict=True
    ):
        removed = np.std(correction.removed_rad[window.heights.known])
        words = f"{removed:.1f} rad" if correction.is_changed else "nothing"
        print(f"| {volcano} | {_named(pair.pair)} | {words} | {_said(before)} | {_said(after)} |")
    if volcano == ERUPTING:
        over = np.array([_is_over_eruption(one.pair) for one in window.pairs])
        scores = np.array([one.score for one in less_air])
        margin = np.nanmin(scores[over]) - np.nanmax(scores[~over])
        print(f"| {volcano} | lowest over the eruption less highest quiet | | | {margin:.2f} |")


def _scores(
    window: RealWindow, phases: list[NDArray[np.uint8]], where: Window, model: Detector
) -> tuple[PairScore, ...]:
    water = find_water(np.stack([one.coherence for one in window.pairs]), WATER_COHERENCE)
    tiles = [
        PairTile(one.pair, phase, one.coherence)
        for one, phase in zip(window.pairs, phases, strict=True)
    ]
    return score_cube(cube_in_memory(where, tiles), model, water, WATER_COHERENCE)


def _named(pair: DatePair) -> str:
    return f"{pair}, the eruption" if _is_over_eruption(pair) else str(pair)


def _is_over_eruption(pair: DatePair) -> bool:
    return pair.primary <= ERUPTION <= pair.secondary


def _said(score: PairScore) -> str:
    if np.isnan(score.score):
        return "no score"
    text = f"{score.score:.2f} (p {score.probability:.2f})"
    return f"**{text}**" if score.positive else text


if __name__ == "__main__":
    main()
