"""Windows of interferograms in a page: drawn once, and taken over from the page that was there.

Reading a pair takes a hundredth of a second, and asking a model where it looks takes half of one. A
page that is written anew because one date came keeps the pictures of all others.
"""

import hashlib
import logging
import math
import re
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from catalogs.cubes.layers import read_layer
from catalogs.home.home import Home
from catalogs.records import DatePair, FrameId, FrameRaster
from catalogs.settings import Settings
from fringewatch.errors import StoreError
from fringewatch.numbers import WINDOW_SIZE
from insar_models.detectors.protocol import Detector
from tasks.judge.pair_kinds import PairKind, kind_of
from tasks.pictures.phase_windows import SeenPair, WindowReader
from tasks.site.facts import Row, VolcanoFacts
from tasks.site.images import coast_lines, outline, phase_picture, shade_picture

_LOGGER = logging.getLogger(__name__)

DRAWING: Final = 1
"""Raised by one whenever the same window would be drawn otherwise."""

_SHADE_STEP: Final = 2
_DRAWN: Final = re.compile(
    r'data-drawn="(?P<key>[0-9a-f]{20})" data-outline="(?P<outline>[M0-9 ]*)" '
    r'href="(?P<href>data:image/png;base64,[A-Za-z0-9+/=]*)"'
)


@dataclass(frozen=True)
class WindowPicture:
    """A window as the page has it."""

    key: str
    """Hash of all that it shows."""
    href: str
    """The picture itself, as an address."""
    outline: str
    """Path data round what the model looked at; empty for none."""


@dataclass(frozen=True)
class Ground:
    """What lies below the pairs of a frame on a map."""

    shade: str
    """Hill shade as an address; empty where no heights are known."""
    coast: str
    """Path data; empty where there is no water."""
    coast_by: str
    """What water is known by."""
    latitude: float
    """Of the middle of the window."""
    west: float
    """Of the window's edge, degrees, as the next two."""
    north: float
    pixel_degrees: float

    @property
    def width_pixels(self) -> float:
        """Width on a map that is 500 pixels high, so that a kilometre is as long both ways."""
        return WINDOW_SIZE * max(0.15, math.cos(math.radians(self.latitude)))

    @property
    def pixels_per_km(self) -> float:
        """Of such a map, both ways."""
        return 1.0 / (self.pixel_degrees * 111.32)

    def on_map(self, latitude: float, longitude: float) -> tuple[float, float]:
        """Return where a place lies on such a map, from the left and from the top."""
        east = (longitude - self.west + 180) % 360 - 180
        across = east / (self.pixel_degrees * WINDOW_SIZE) * self.width_pixels
        return round(across, 1), round((self.north - latitude) / self.pixel_degrees, 1)


@dataclass
class PictureBook:
    """The windows of one volcano."""

    facts: VolcanoFacts
    home: Home
    settings: Settings
    model: Detector | None
    """None where it cannot be read: then there is no line round what it looked at."""
    drawn: dict[str, WindowPicture] = field(default_factory=dict)
    """Windows by their keys: at first those of the page that was there."""
    _readers: dict[bool, WindowReader] = field(default_factory=dict)
    _read: dict[str, tuple[NDArray[np.float32], str]] = field(default_factory=dict)
    _ground: dict[FrameId, Ground | None] = field(default_factory=dict)

    def picture(self, row: Row, step: int, *, with_air: bool = False) -> WindowPicture | None:
        """Return the window of a row of the pairs; None, with a warning, if it cannot be read.

        Parameters
        ----------
        row
            Of the interferograms table.
        step
            Of so many rows and columns one is shown.
        with_air
            Whether the phase is shown as it came, before air was taken from it.
        """
        frame = FrameId.parse(row["frame"])
        pair = DatePair(row["primary_date"], row["secondary_date"])
        air = None if with_air else self.facts.air.get((frame, pair))
        is_positive = kind_of(row) is PairKind.POSITIVE and not with_air
        model = self.model.sha256 if is_positive and self.model else ""
        removed = air.removed_sha256 if air else ""
        ground = self.facts.made_from.get(frame, "")
        whole = (DRAWING, frame, pair, row["source_sha256"], removed, model, ground)
        shown = hashlib.sha256(repr(whole).encode()).hexdigest()
        key = f"{shown[:18]}{step:02}"
        if key not in self.drawn:
            try:
                if shown not in self._read:  # the same window is shown in several sizes
                    seen = SeenPair(frame, pair, row["probability"] or math.nan, is_positive)
                    window = self._reader(with_air=with_air).read(seen)
                    seen_by_model = window.activation
                    line = "" if seen_by_model is None else outline(seen_by_model)
                    self._read[shown] = window.phase_rad, line
            except StoreError as error:
                _LOGGER.warning("%s %s is not on its page: %s", frame, pair, error)
                return None
            phase_rad, line = self._read[shown]
            self.drawn[key] = WindowPicture(key, phase_picture(phase_rad, step), line)
        return self.drawn[key]

    def has_less_air(self, row: Row) -> bool:
        """Whether something was taken from the pair of a row before the model saw it."""
        pair = DatePair(row["primary_date"], row["secondary_date"])
        air = self.facts.air.get((FrameId.parse(row["frame"]), pair))
        return air is not None and bool(air.removed)

    def ground(self, frame: FrameId) -> Ground | None:
        """Return what lies below the pairs of a frame; None, with a warning, without a cube."""
        if frame not in self._ground:
            try:
                self._ground[frame] = self._read_ground(frame)
            except StoreError as error:
                _LOGGER.warning("%s has no map on its page: %s", frame, error)
                self._ground[frame] = None
        return self._ground[frame]

    def known_ground(self, frame: FrameId) -> Ground | None:
        """Return what `ground` found of a frame; None where it was not asked."""
        return self._ground.get(frame)

    def _read_ground(self, frame: FrameId) -> Ground:
        opened = self._reader(with_air=False).opened(frame)
        cube, water = opened.cube, opened.water
        height_m = read_layer(cube, FrameRaster.HEIGHT)
        y, x = (np.asarray(cube[name].to_numpy()) for name in ("y", "x"))
        pixel = float(abs(y[1] - y[0]))
        latitude = float(y.mean())
        is_rough = water.source.value != "landmask"
        return Ground(
            ""
            if height_m is None
            else shade_picture(height_m, water.water, (latitude, pixel), _SHADE_STEP),
            coast_lines(water.water, is_rough=is_rough),
            water.source.value,
            latitude,
            float(x[0]) - pixel / 2,
            float(y[0]) + pixel / 2,
            pixel,
        )

    def _reader(self, *, with_air: bool) -> WindowReader:
        if with_air not in self._readers:
            air = {} if with_air else self.facts.air
            slug = self.facts.volcano.slug
            self._readers[with_air] = WindowReader(self.home, slug, self.model, self.settings, air)
        return self._readers[with_air]


def pictures_of(page: str) -> dict[str, WindowPicture]:
    """Return the windows that a page holds, by their keys."""
    return {
        found["key"]: WindowPicture(found["key"], found["href"], found["outline"])
        for found in _DRAWN.finditer(page)
    }
