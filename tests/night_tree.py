"""Twelve watched volcanoes at a stand-in portal, each with one small frame of two pairs."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rasterio.transform import Affine

from catalogs.records import DatePair, FrameId, Volcano
from catalogs.world.volcanoes import load_volcanoes
from fringewatch.numbers import PIXEL_DEGREES
from insar_models.phase.codes import wrap
from tasks.records import WatchRequest
from tests.portal.rasters import RasterForm, write_pair
from tests.portal.trees import pair_folder

PAIRS = tuple(map(DatePair.parse, ("20240106_20240118", "20240118_20240130")))
START, END = dt.date(2024, 1, 1), dt.date(2024, 2, 5)
SIDE = 260
"""Pixels: little more than the patch in the middle of a volcano's window."""


@dataclass(frozen=True)
class Watched:
    """A volcano of the night, and its one frame."""

    volcano: Volcano
    frame: FrameId

    @property
    def request(self) -> WatchRequest:
        """What a night asks for."""
        return WatchRequest(self.volcano, (self.frame,), START, END, scheduled=True)

    def write(self, tree: Path, pair: DatePair, east_degrees: float = 0.0) -> None:
        """Write a pair round the volcano, or so far east of it."""
        half = SIDE / 2 * PIXEL_DEGREES
        west = self.volcano.longitude - half + east_degrees
        transform = Affine(
            PIXEL_DEGREES, 0.0, west, 0.0, -PIXEL_DEGREES, self.volcano.latitude + half
        )
        y, x = np.mgrid[:SIDE, :SIDE] / SIDE - 0.5
        seed = self.volcano.gvp_number + pair.secondary.toordinal()
        noise = np.random.default_rng(seed).normal(0.0, 0.15, (SIDE, SIDE))
        phase = wrap(2.0 * x + 3.0 * y + noise).astype(np.float32)
        coherence = np.full((SIDE, SIDE), 204, dtype=np.uint8)
        folder = pair_folder(tree, self.frame, pair)
        for file in folder.iterdir():
            file.unlink()
        write_pair(folder, pair, phase, coherence, RasterForm(transform))


def twelve_volcanoes() -> tuple[Watched, ...]:
    """Twelve of the catalogue whose first frames differ."""
    by_frame: dict[FrameId, Watched] = {}
    for volcano in load_volcanoes():
        if volcano.frames:
            by_frame.setdefault(volcano.frames[0], Watched(volcano, volcano.frames[0]))
    return tuple(by_frame.values())[:12]


def write_night(tree: Path) -> tuple[Watched, ...]:
    """Write the pairs of twelve volcanoes into the tree; return whose they are."""
    watched = twelve_volcanoes()
    for each in watched:
        for pair in PAIRS:
            each.write(tree, pair)
    return watched
