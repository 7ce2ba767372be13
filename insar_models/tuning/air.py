"""Air that a tuning run adds to quiet and deforming patches alike, to stand for neither.

A ring round a cone is seldom motion: where air lies in layers, the delay follows the heights, and
real cones show up to three fringes of it. Random fields that are merely as rough as mountains do
not teach that, real relief does (Doin et al. 2009; Beker et al. 2023 name it as what their network
took for deformation).
"""

import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from fringewatch.errors import BadInputError
from fringewatch.numbers import WAVELENGTH_M
from insar_models.patchfile.air_file import Air

_CUT_PIXELS: Final = (150, 340)
"""Side of what is cut of a field, drawn evenly: patches have 224, those of quicklooks more."""

_INCIDENCES_DEGREES: Final = (29.0, 46.0)
_LEAST_RELIEF_M: Final = 60.0
"""Standard deviation of heights below which a cut is flat: another is tried."""

_TRIES: Final = 6
_CONE_RADII: Final = (0.1, 0.4)
"""Least and greatest distance from the top at which a cone's delay falls to 1/e, in sides."""
_TWO_CONES: Final = 0.35
_GULLIES: Final = (3, 11)
_TENTH_MM: Final = 1e-4
_FORMS: Final = 8
_QUARTERS: Final = 4


class AirMaker:
    """Draws delays for patches.

    Parameters
    ----------
    air
        Real relief and delays.
    size
        Side of the patches in pixels.

    Raises
    ------
    BadInputError
        If a field is smaller than what is cut of it.
    """

    def __init__(self, air: Air, size: int) -> None:
        self._relief = [air.relief_m[name] for name in sorted(air.relief_m)]
        self._delays = [air.delay_tenth_mm[name] for name in sorted(air.delay_tenth_mm)]
        self._size = size
        fields: Mapping[str, NDArray[Any]] = {**air.relief_m, **air.delay_tenth_mm}
        for name, field in fields.items():
            if min(field.shape[-2:]) < _CUT_PIXELS[1] or (field.ndim > 2 and len(field) < 2):  # noqa: PLR2004
                message = (
                    f"'{name}' of shape {field.shape} is too small: give at least "
                    f"{_CUT_PIXELS[1]} pixels a side, and delays of two dates or more"
                )
                raise BadInputError(message)

    @property
    def has_relief(self) -> bool:
        """Whether delays can follow real relief."""
        return bool(self._relief)

    @property
    def has_delays(self) -> bool:
        """Whether there are delays of weather models."""
        return bool(self._delays)

    def stratified(
        self, spread_rad: tuple[float, float], generator: np.random.Generator
    ) -> NDArray[np.float32]:
        """Return a delay that follows real relief, radians of either sign, (size, size).

        Its standard deviation lies between the two of `spread_rad`, evenly in the logarithm.
        """
        heights = np.zeros((self._size, self._size), np.float32)
        for _ in range(_TRIES):
            tile = self._relief[generator.integers(len(self._relief))]
            heights = _sized(_turned(_cut(tile, generator), generator), self._size)
            if heights.std() >= _LEAST_RELIEF_M:
                break
        spread = max(float(heights.std()), _LEAST_RELIEF_M)
        wanted = math.exp(generator.uniform(*np.log(spread_rad))) * generator.choice([-1.0, 1.0])
        return np.asarray((heights - heights.mean()) * (wanted / spread), dtype=np.float32)

    def weather(self, generator: np.random.Generator) -> NDArray[np.float32]:
        """Return the difference of a weather model's delays at two dates, radians, (size, size)."""
        dates = self._delays[generator.integers(len(self._delays))]
        first, second = generator.choice(len(dates), 2, replace=False)
        rows, columns = _place(dates.shape[1:], generator)
        change = dates[second][rows, columns].astype(np.float32) - dates[first][rows, columns]
        incidence = math.radians(generator.uniform(*_INCIDENCES_DEGREES))
        factor = 4.0 * math.pi / WAVELENGTH_M * _TENTH_MM / math.cos(incidence)
        delay = _sized(_turned(change, generator), self._size) * factor * generator.uniform(0.5, 2)
        return np.asarray(delay - delay.mean(), dtype=np.float32)

    def cones(
        self, peak_rad: tuple[float, float], generator: np.random.Generator
    ) -> NDArray[np.float32]:
        """Return a delay round one or two steep cones with gullies, radians, (size, size)."""
        across = (np.arange(self._size) + 0.5) / self._size
        peak = math.exp(generator.uniform(*np.log(peak_rad))) * generator.choice([-1.0, 1.0])
        field = np.zeros((self._size, self._size))
        for number in range(1 + int(generator.random() < _TWO_CONES)):
            row, column = generator.uniform(0.1, 0.9, 2)
            down, right = across[:, None] - row, across[None, :] - column
            angle = np.arctan2(down, right)
            wavy = sum(
                generator.uniform(0.0, 0.12) * np.cos(count * angle + generator.uniform(0, 7))
                for count in (1, 2, *generator.integers(*_GULLIES, 2).tolist())
            )
            distance = np.hypot(down, right) * (1.0 + wavy)
            cone = np.exp(-distance / generator.uniform(*_CONE_RADII))
            field += cone * (1.0 if number == 0 else generator.uniform(0.3, 1.0))
        return np.asarray(peak * (field - field.mean()), dtype=np.float32)


def _cut(field: NDArray[np.int16], generator: np.random.Generator) -> NDArray[np.float32]:
    rows, columns = _place(field.shape, generator)
    return field[rows, columns].astype(np.float32)


def _place(shape: tuple[int, ...], generator: np.random.Generator) -> tuple[slice, slice]:
    side = int(generator.integers(_CUT_PIXELS[0], _CUT_PIXELS[1] + 1))
    top, left = (int(generator.integers(length - side + 1)) for length in shape[-2:])
    return slice(top, top + side), slice(left, left + side)


def _turned(field: NDArray[np.float32], generator: np.random.Generator) -> NDArray[np.float32]:
    form = int(generator.integers(_FORMS))
    turned = np.rot90(field, form % _QUARTERS)
    return turned.T if form >= _QUARTERS else turned


def _sized(field: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    whole = torch.from_numpy(np.ascontiguousarray(field))[None, None]
    resized: NDArray[np.float32] = functional.interpolate(
        whole, size=(size, size), mode="bilinear", align_corners=False, antialias=True
    )[0, 0].numpy()
    return resized
