"""What models say of a real frame over the western Galapagos, as a watch would.

    python -m benchmarks.real_frame --data FOLDER [--model NAME ...] [--models DIR]
        [--without-landmask]

FOLDER holds `licsar/106A_09048_000909`: seven pairs of early 2024. Those over 2024-03-02 show the
eruption of Fernandina. The caldera of Sierra Negra inflates in all. The frame's heights are not
there: the mean of its delays, a smooth function of height, stands in for them where air is taken
away. Water is what the frame's landmask says, as a watch has it; without the landmask, what is
coherent in no pair. Nothing is fitted to this frame; whatever a model learned of the Galapagos, its
card says.
"""

import argparse
import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import rasterio
from numpy.typing import NDArray

from benchmarks.air_correction import DATA_HELP, FRAME, WATER_COHERENCE, RealWindow, read_volcano
from benchmarks.frame_rates import pair_folders
from catalogs.cubes.pair_tile import PairTile
from catalogs.ledger.rows import PairScore
from catalogs.rasters.grid import Window, volcano_window
from catalogs.rasters.reading import read_place
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
    parser.add_argument("--without-landmask", action="store_true", help="water by coherence alone")
    given = parser.parse_args()
    models = [find_model(name, given.models) for name in given.model]
    frame = given.data / "licsar" / FRAME
    first = next(pair_folders(frame)[0].glob(f"*{Product.DIFF_PHA.ending}"))
    windows = [_volcano(frame, first, name, given) for name in VOLCANOES]
    for model in models:
        print(f"\n{model.name}, threshold {model.threshold:.2f}, {views_of(model)} view(s)")
        print(
            "| volcano | pair | air removed | score as it came | score less air |\n"
            + "|---" * 5
            + "|"
        )
        for volcano in windows:
            _print_volcano(volcano, model)


@dataclass(frozen=True, eq=False)
class _Volcano:
    """A volcano's window, where it lies, and what of it is water."""

    window: RealWindow
    where: Window
    water: NDArray[np.bool_]


def _volcano(frame: Path, first: Path, name: str, given: argparse.Namespace) -> _Volcano:
    window, place = read_volcano(frame, name), find_volcano(name)
    where = volcano_window(
        read_place(first, Product.DIFF_PHA).grid, place.latitude, place.longitude
    )
    landmask = frame / "metadata" / f"{FRAME}.geo.landmask.tif"
    if landmask.is_file() and not given.without_landmask:
        with rasterio.open(landmask) as raster:
            land = raster.read(1)[where.row :, where.column :][: where.size, : where.size]
        return _Volcano(window, where, land == 0)
    coherence = np.stack([one.coherence for one in window.pairs])
    return _Volcano(window, where, find_water(coherence, WATER_COHERENCE))


def _print_volcano(place: _Volcano, model: Detector) -> None:
    window, volcano = place.window, place.window.volcano
    found = [remove_air(one.phase, one.coherence, [window.heights]) for one in window.pairs]
    as_it_came = _scores(place, [pair.phase for pair in window.pairs], model)
    less_air = _scores(place, [pair.phase for pair in found], model)
    for pair, correction, before, after in zip(
        window.pairs, found, as_it_came, less_air, strict=True
    ):
        removed = np.std(correction.removed_rad[window.heights.known])
        words = f"{removed:.1f} rad" if correction.is_changed else "nothing"
        print(f"| {volcano} | {_named(pair.pair)} | {words} | {_said(before)} | {_said(after)} |")
    if volcano == ERUPTING:
        over = np.array([_is_over_eruption(one.pair) for one in window.pairs])
        margins = []
        for scored in (as_it_came, less_air):
            scores = np.array([one.score for one in scored])
            margins.append(f"{np.nanmin(scores[over]) - np.nanmax(scores[~over]):.2f}")
        words = "lowest over the eruption less highest quiet"
        print(f"| {volcano} | {words} | | {' | '.join(margins)} |")


def _scores(
    volcano: _Volcano, phases: list[NDArray[np.uint8]], model: Detector
) -> tuple[PairScore, ...]:
    tiles = [
        PairTile(one.pair, phase, one.coherence)
        for one, phase in zip(volcano.window.pairs, phases, strict=True)
    ]
    return score_cube(cube_in_memory(volcano.where, tiles), model, volcano.water, WATER_COHERENCE)


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
