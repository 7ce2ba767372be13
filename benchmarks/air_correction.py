"""What taking stratified air from wrapped phase does to real pairs and to simulated ones.

    python -m benchmarks.air_correction --data FOLDER [--tiles 6] [--seeds 2]

FOLDER holds `licsar/106A_09048_000909` (a frame of the Galapagos with the slant delays of four
dates) and `relief` (tiles of heights). The frame has no heights here: the mean of its delays over
the dates, a smooth function of height, stands in for them, so that their factor is in radians for
each radian of mean delay. Agreement is that of the phase over lags of 8, 16 and 32 pixels on
coherent ground, but for a ramp.

The simulated scenes are those of `benchmarks.air_scenes`.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import rasterio
from numpy.typing import NDArray

from benchmarks.air_scenes import measure_scenes
from benchmarks.frame_rates import pair_folders
from catalogs.rasters.grid import Window, volcano_window
from catalogs.rasters.reading import read_place, read_window
from catalogs.records import DatePair, Product
from catalogs.world.volcanoes import find_volcano
from insar_models.air import AirCorrection, AirField, delay_field, remove_air
from insar_models.air.lag_products import agreement, lag_products
from insar_models.air.stratified import is_coherent
from insar_models.detectors.registry import SHIPPED_MODELS, load_model
from insar_models.phase.codes import decode_phase, encode_phase, phasor
from insar_models.phase.window_patches import cut_patches, find_water, mask_water

FRAME: Final = "106A_09048_000909"
VOLCANOES: Final = ("fernandina", "wolf", "alcedo", "sierra-negra", "cerro-azul")
MODELS: Final = ("baseline-0", "simclr-compact-1")
WATER_COHERENCE: Final = 0.1
REACH_OF_MEAN_DELAY: Final = 0.3
DATA_HELP: Final = f"folder that holds licsar/{FRAME}, the frame with its interferograms/"


@dataclass(frozen=True, eq=False)
class RealPair:
    """A window of one pair."""

    pair: DatePair
    phase: NDArray[np.uint8]
    coherence: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class RealWindow:
    """A volcano of the frame: its pairs, the stand-in for its heights, the delays of its dates."""

    volcano: str
    pairs: tuple[RealPair, ...]
    heights: AirField
    delays_rad: dict[str, NDArray[np.float32]]

    def gacos(self, pair: DatePair) -> AirField | None:
        """What GACOS says of a pair; None where a date has no delay."""
        primary, secondary = (
            self.delays_rad.get(f"{day:%Y%m%d}") for day in (pair.primary, pair.secondary)
        )
        if primary is None or secondary is None:
            return None
        return delay_field("gacos", primary, secondary)


def read_volcano(frame: Path, volcano: str) -> RealWindow:
    """The window of a volcano, cut from the rasters of the frame."""
    folders = pair_folders(frame)
    place = find_volcano(volcano)
    first = folders[0] / f"{folders[0].name}{Product.DIFF_PHA.ending}"
    window = volcano_window(
        read_place(first, Product.DIFF_PHA).grid, place.latitude, place.longitude
    )
    pairs = tuple(_read_pair(folder, window) for folder in folders)
    delays = {
        path.parent.name: _delay(path, window)
        for path in sorted(frame.glob("epochs/*/*.sltd.geo.tif"))
    }
    stack = np.stack(list(delays.values()))
    mean = np.where((stack == 0).any(axis=0), np.nan, stack.mean(axis=0))
    # A delay against none: the mean itself, with the rules for what is no data.
    stand_in = delay_field("heights", np.ones_like(mean), mean + 1)
    return RealWindow(volcano, pairs, replace(stand_in, reach=REACH_OF_MEAN_DELAY), delays)


def _delay(path: Path, window: Window) -> NDArray[np.float32]:
    """Slant delay in radians in a window that lies inside of its raster; 0 is no data."""
    rows = slice(window.row, window.row + window.size)
    columns = slice(window.column, window.column + window.size)
    with rasterio.open(path) as raster:
        delay: NDArray[np.float32] = raster.read(1).astype(np.float32)[rows, columns]
    return delay


def _read_pair(folder: Path, window: Window) -> RealPair:
    phase, coherence = (
        read_window(folder / f"{folder.name}{product.ending}", product, window)
        for product in (Product.DIFF_PHA, Product.CC)
    )
    codes = encode_phase(phase.astype(np.float32), coherence != 0)
    return RealPair(DatePair.parse(folder.name), codes, coherence.astype(np.uint8))


def agreement_less(pair: RealPair, field: AirField) -> float:
    """Agreement of a pair less a field as it is."""
    products = lag_products(
        phasor(decode_phase(pair.phase)), field.known & is_coherent(pair.coherence)
    )
    return agreement(products.turned_back(products.steps(field.values)))


def _cell(found: AirCorrection) -> str:
    factors = ", ".join(
        f"{fit.factor:+.3f} ± {fit.deviation:.3f}" if fit.outcome == "removed" else "-"
        for fit in found.fits
    )
    return f"{found.agreement_after:.2f} ({factors})"


def measure_agreement(windows: Sequence[RealWindow]) -> None:
    """Print the agreement of each pair before and after, by what was fitted."""
    print(
        "\n| volcano | pair | before | heights (factor) | share | GACOS as it is | GACOS (factor) "
        "| both (factors) |\n|---|---|---|---|---|---|---|---|"
    )
    for window in windows:
        for one in window.pairs:
            found = remove_air(one.phase, one.coherence, [window.heights])
            cells = [f"{found.agreement_before:.2f}", _cell(found), f"{found.share_explained:.0%}"]
            gacos = window.gacos(one.pair)
            if gacos is None:
                cells += ["", "", ""]
            else:
                fitted, both = (
                    remove_air(one.phase, one.coherence, fields)
                    for fields in ([gacos], [window.heights, gacos])
                )
                cells += [f"{agreement_less(one, gacos):.2f}", _cell(fitted), _cell(both)]
            print(f"| {window.volcano} | {one.pair} | {' | '.join(cells)} |")


def measure_logits(windows: Sequence[RealWindow]) -> None:
    """Print the highest logit of the nine patches before and after, by model."""
    models = [load_model(SHIPPED_MODELS / name) for name in MODELS]
    names = " | ".join(f"{model.name} (threshold {model.threshold:.2f})" for model in models)
    print(f"\n| volcano | pair | removed | {names} |")
    print("|---|---|---|" + "---|" * len(models))
    for window in windows:
        stack = np.stack([one.coherence for one in window.pairs])
        water = find_water(stack, WATER_COHERENCE)
        for one in window.pairs:
            found = remove_air(one.phase, one.coherence, [window.heights])
            cells = []
            for model in models:
                before, after = (
                    float(np.nanmax(model.logits(decode_phase(_patches(phase, water)))))
                    for phase in (one.phase, found.phase)
                )
                cells.append(f"{before:.1f}, {after:.1f}" if found.is_changed else f"{before:.1f}")
            removed = f"{np.std(found.removed_rad[window.heights.known]):.1f} rad"
            said = removed if found.is_changed else "nothing"
            print(f"| {window.volcano} | {one.pair} | {said} | {' | '.join(cells)} |")


def _patches(phase: NDArray[np.uint8], water: NDArray[np.bool_]) -> NDArray[np.uint8]:
    return cut_patches(mask_water(phase, water)).astype(np.uint8)


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.air_correction")
    parser.add_argument("--data", type=Path, required=True, help=DATA_HELP)
    parser.add_argument("--tiles", type=int, default=6, help="tiles of relief to simulate over")
    parser.add_argument("--seeds", type=int, default=2, help="weathers of each")
    given = parser.parse_args()
    windows = [read_volcano(given.data / "licsar" / FRAME, volcano) for volcano in VOLCANOES]
    measure_agreement(windows)
    measure_logits(windows)
    measure_scenes(given.data / "relief", given.tiles, given.seeds)


if __name__ == "__main__":
    main()
