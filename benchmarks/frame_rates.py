"""Rates and loops of a real frame: what its pairs say of a volcano, and how well they close.

    python -m benchmarks.frame_rates --frame FOLDER --volcano NAME [--picture FILE]

FOLDER is a frame in LiCSAR's layout, with `interferograms/<pair>/<pair>.geo.diff_pha.tif` and
`.geo.cc.tif`. Prints the rate of the place that moves most with its 95 % interval, the probability
that the air of each date is disturbed, and of each loop of three pairs, for pixels of which all
three reach a coherence, the root mean square of what is left, its mean angle and the share over
1 rad. `--picture` draws the windows of all pairs, in which fringes can be counted by hand.
"""

import argparse
import io
import itertools
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from catalogs.rasters.grid import Window, volcano_window
from catalogs.rasters.reading import read_place, read_window
from catalogs.records import DatePair, Product
from catalogs.world.volcanoes import find_volcano
from fringewatch.atomic import write_atomically
from fringewatch.errors import BadInputError, CorruptProductError
from insar_models.onset.slow_motion import METRES_PER_DEGREE
from insar_models.phase.codes import decode_phase, encode_phase
from insar_models.phase.window_patches import find_water
from insar_models.rates.air_dates import disturbed_air
from insar_models.rates.estimate import place_motion
from insar_models.rates.field import motion_field
from insar_models.rates.looks import CELL_PIXELS, cell_phasors
from insar_models.rates.stack import PairStack

LEAST_COHERENCE: Final = (0.05, 0.3, 0.5, 0.7)

Tile = tuple[NDArray[np.uint8], NDArray[np.uint8]]


def pair_folders(frame: Path) -> list[Path]:
    """Return the folders of a frame's pairs; the command ends with what to give where none is."""
    folders = sorted((frame / "interferograms").glob("[0-9]*_[0-9]*"))
    if not folders:
        sys.exit(
            f"{frame} is no LiCSAR frame: interferograms/YYYYMMDD_YYYYMMDD are looked for in it; "
            "--help says which folder is wanted"
        )
    return folders


def read_tiles(frame: Path, volcano: str) -> tuple[dict[DatePair, Tile], Window]:
    """Return phase and coherence bytes of each sound pair in the volcano's window."""
    place = find_volcano(volcano)
    tiles: dict[DatePair, Tile] = {}
    window = None
    for folder in pair_folders(frame):
        phase, coherence = (folder / f"{folder.name}.geo.{name}.tif" for name in ("diff_pha", "cc"))
        grid = read_place(phase, Product.DIFF_PHA).grid
        window = window or volcano_window(grid, place.latitude, place.longitude)
        try:
            quality = read_window(coherence, Product.CC, window).astype(np.uint8)
            values = read_window(phase, Product.DIFF_PHA, window).astype(np.float32)
        except CorruptProductError as error:
            print(f"left out: {error}")
            continue
        tiles[DatePair.parse(folder.name)] = (encode_phase(values, quality > 0), quality)
    if window is None:
        message = f"{frame}/interferograms holds no pair"
        raise BadInputError(message)
    return tiles, window


def print_rate(tiles: Mapping[DatePair, Tile], window: Window) -> None:
    """Print the rate of the place that moves most, and which dates have disturbed air."""
    water = find_water(np.stack([coherence for _, coherence in tiles.values()]), 0.1)
    looks = np.stack([cell_phasors(*tile, water) for tile in tiles.values()])
    side = CELL_PIXELS * METRES_PER_DEGREE * 1e-3
    narrow = float(np.cos(np.radians(window.latitudes.mean())))
    stack = PairStack(looks, tuple((p.primary, p.secondary) for p in tiles), (side, side * narrow))
    field = motion_field(stack, stack.days)
    found = place_motion(stack, stack.days, field)
    if found is None:
        print("no place can be compared with its surroundings")
        return
    row, column = found.row * CELL_PIXELS + 4, found.column * CELL_PIXELS + 4
    print(
        f"{len(stack)} pairs: {found.motion_m * 1e3:+.2f} mm a day ({found.low_m * 1e3:+.2f} to "
        f"{found.high_m * 1e3:+.2f}) towards the satellite at {window.latitudes[row]:.3f}, "
        f"{window.longitudes[column]:.3f}, temporal coherence {found.coherence:.2f}"
    )
    for date, probability in disturbed_air(stack, stack.days, field).items():
        print(f"  {date}: air disturbed with probability {probability:.2f}")


def print_loops(tiles: Mapping[DatePair, Tile]) -> None:
    """Print how well each loop of three pairs closes."""
    for first, second in itertools.permutations(tiles, 2):
        if first.secondary != second.primary:
            continue
        whole = DatePair(first.primary, second.secondary)
        if whole not in tiles:
            continue
        three = [tiles[pair] for pair in (first, second, whole)]
        angles = [decode_phase(phase) for phase, _ in three]
        left = np.angle(np.exp(1j * (angles[0] + angles[1] - angles[2])))
        coherence = np.min([quality for _, quality in three], axis=0) / 255
        for least in LEAST_COHERENCE:
            kept = left[np.isfinite(left) & (coherence >= least)]
            mean = float(np.angle(np.exp(1j * kept).mean()))
            print(
                f"{first} {second}, coherence {least:.2f}: {kept.size:6d} pixels, rms "
                f"{np.sqrt((kept**2).mean()):.2f} rad, mean {mean:+.3f}, "
                f"over 1 rad {(np.abs(kept) > 1).mean():.1%}"
            )


def draw(tiles: Mapping[DatePair, Tile], path: Path) -> None:
    """Draw the wrapped phase of all pairs."""
    figure = Figure(figsize=(5 * len(tiles), 5), layout="constrained")
    for number, (pair, (phase, _)) in enumerate(tiles.items(), 1):
        axes = figure.add_subplot(1, len(tiles), number)
        axes.imshow(decode_phase(phase), cmap="twilight", vmin=-np.pi, vmax=np.pi)
        axes.set_title(f"{pair}, {pair.days} days")
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=80)
    write_atomically(path, content.getvalue())


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.frame_rates")
    parser.add_argument(
        "--frame", type=Path, required=True, help="folder of a LiCSAR frame, with interferograms/"
    )
    parser.add_argument("--volcano", required=True)
    parser.add_argument("--picture", type=Path)
    given = parser.parse_args()
    tiles, window = read_tiles(given.frame, given.volcano)
    print_rate(tiles, window)
    print_loops(tiles)
    if given.picture:
        draw(tiles, given.picture)


if __name__ == "__main__":
    main()
