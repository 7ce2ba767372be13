"""Random numbers of a view: a pure function of seed, epoch, patch and view.

No generator is kept. Each number is a hash of its key and its place, so a view is the same
whichever patches stand beside it, however many threads draw and on whichever device: whole numbers
are hashed, which every device does alike. Numbers of a patch (an angle, say) are made on the host
and few; numbers of pixels are made on the device.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import lru_cache
from typing import Final, Self

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import ndtri

from fringewatch.errors import BadInputError

_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
_MULTIPLIERS: Final = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
_PIXEL_MULTIPLIERS: Final = (0x7FEB352D, 0x846CA68B - 2**32)
_LEVELS: Final = 2**16
"""Of normal numbers: each 16 bits choose one of as many quantiles."""

_LARGEST_KEY: Final = 2**63 - 1


class Stream(IntEnum):
    """What numbers are for: the same view gives others for another purpose."""

    SYMMETRY = 1
    SIGN = 2
    OVERWRAP = 3
    GEOMETRY = 4
    ELASTIC = 5
    OFFSET = 6
    RAMP = 7
    TURBULENCE = 8
    NOISE = 9
    INCOHERENCE = 10
    SEA = 11
    BLUR = 12
    CUTOUT = 13
    PAPER = 14
    SPECKLE = 15
    RELIEF = 16


@dataclass(frozen=True, eq=False)
class Draws:
    """Where the numbers of each patch of a batch come from."""

    keys: NDArray[np.uint64]
    """Shape (n,): one a patch."""
    device: torch.device
    """Where numbers of pixels are made."""

    @classmethod
    def of_view(
        cls, seed: int, epoch: int, rows: NDArray[np.integer], view: int, device: torch.device
    ) -> Self:
        """Return the numbers of one view of some patches.

        Parameters
        ----------
        seed, epoch, view
            0 or more.
        rows
            Shape (n,): the places of the patches in their corpus, 0 or more.
        device
            On which the patches lie.

        Raises
        ------
        BadInputError
            If a number is negative or beyond 63 bits, or the rows are no list of whole numbers.
        """
        for name, value in (("seed", seed), ("epoch", epoch), ("view", view)):
            if not 0 <= value <= _LARGEST_KEY:
                message = f"{value} is no {name}: it must be 0 to {_LARGEST_KEY}"
                raise BadInputError(message)
        rows = np.asarray(rows)
        if rows.ndim != 1 or rows.dtype.kind not in "iu" or (rows.size and rows.min() < 0):
            message = (
                f"rows of type {rows.dtype} and shape {rows.shape} are no places of patches: give "
                "a list of whole numbers of at least 0"
            )
            raise BadInputError(message)
        keys = np.zeros(rows.size, dtype=np.uint64)
        for value in (seed, epoch, view):
            keys = _mixed(keys + _mixed(np.full(1, value, dtype=np.uint64)))
        return cls(_mixed(keys + _mixed(rows.astype(np.uint64))), device)

    def __len__(self) -> int:
        return self.keys.size

    def stream(self, stream: Stream) -> Self:
        """Return numbers for one purpose, unlike those for others."""
        purpose = _mixed(np.full(1, stream, dtype=np.uint64))
        return replace(self, keys=_mixed(self.keys + purpose))

    def some(self, chosen: NDArray[np.bool_] | slice) -> Self:
        """Return the numbers of some of the patches."""
        return replace(self, keys=self.keys[chosen])

    def coin(self, probability: float) -> NDArray[np.bool_]:
        """Return whether each patch is chosen, bool (n,); independent of all other numbers."""
        return _fraction(_mixed(self.keys + _GOLDEN)) < probability

    def uniform(self, count: int) -> NDArray[np.float64]:
        """Return `count` numbers a patch from 0 to below 1, shape (count, n)."""
        place = np.arange(2, count + 2, dtype=np.uint64)[:, None]
        return _fraction(_mixed(self.keys + _GOLDEN * place))

    def between(self, least: float, greatest: float, *, place: int = 0) -> NDArray[np.float64]:
        """Return one number a patch between two bounds, shape (n,): that of `uniform` there."""
        numbers: NDArray[np.float64] = self.uniform(place + 1)[place]
        return least + (greatest - least) * numbers

    def to_device(self, values: NDArray[np.floating | np.bool_]) -> torch.Tensor:
        """Return a number (or several) a patch, shape (n, ...), on the device; reals as float32."""
        kind = np.bool_ if values.dtype == np.bool_ else np.float32
        return torch.from_numpy(np.ascontiguousarray(values, dtype=kind)).to(self.device)

    def bits(self, *shape: int) -> torch.Tensor:
        """Return 32 random bits a place, int32 (n, *shape), on the device."""
        key = _mixed(self.keys ^ _GOLDEN).astype(np.uint32).view(np.int32)
        count = int(np.prod(shape))
        on_device = torch.from_numpy(key).to(self.device)
        bits = _places(count, self.device)[None] ^ on_device[:, None]
        _mix_pixels(bits)
        return bits.view(len(self), *shape)

    def angles(self, *shape: int) -> torch.Tensor:
        """Return angles from -pi to pi, all alike likely, float32 (n, *shape), on the device."""
        return self.bits(*shape).float().mul_(np.pi / 2**31)

    def normal(self, *shape: int) -> torch.Tensor:
        """Return normal numbers, mean 0 and standard deviation 1, float32 (n, *shape).

        They lie within 4.3 standard deviations: each is one of 65,536 quantiles.
        """
        count = int(np.prod(shape))
        half = (count + 1) // 2
        bits = self.bits(half)
        table = _quantiles(self.device)
        normal = torch.empty((len(self), 2, half), device=self.device)
        # Two numbers of each 32 bits.
        normal[:, 0] = table.index_select(0, (bits & (_LEVELS - 1)).flatten()).view(-1, half)
        bits >>= 16
        bits &= _LEVELS - 1
        normal[:, 1] = table.index_select(0, bits.flatten()).view(-1, half)
        return normal.view(len(self), 2 * half)[:, :count].reshape(len(self), *shape)


def spread(values: torch.Tensor) -> torch.Tensor:
    """Numbers of patches, shape (n,), as (n, 1, 1, 1): they fit a batch of fields."""
    return values.view(-1, 1, 1, 1)


def _mixed(keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """SplitMix64's output function (Steele et al. 2014): every bit depends on all."""
    keys = keys + _GOLDEN
    keys = (keys ^ (keys >> np.uint64(30))) * _MULTIPLIERS[0]
    keys = (keys ^ (keys >> np.uint64(27))) * _MULTIPLIERS[1]
    return keys ^ (keys >> np.uint64(31))


def _fraction(keys: NDArray[np.uint64]) -> NDArray[np.float64]:
    return (keys >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _mix_pixels(bits: torch.Tensor) -> None:
    """Wellons's 32-bit hash, in place; a shift of signed numbers brings ones, which are masked."""
    shifted = torch.empty_like(bits)
    for shift, multiplier in zip((16, 15), _PIXEL_MULTIPLIERS, strict=True):
        _xor_shifted(bits, shifted, shift)
        bits *= multiplier
    _xor_shifted(bits, shifted, 16)


def _xor_shifted(bits: torch.Tensor, shifted: torch.Tensor, shift: int) -> None:
    torch.bitwise_right_shift(bits, shift, out=shifted)
    shifted &= (1 << (32 - shift)) - 1
    bits ^= shifted


@lru_cache(maxsize=32)
def _places(count: int, device: torch.device) -> torch.Tensor:
    """A hash of each place: keys that differ in one bit must not give neighbours' numbers."""
    with torch.inference_mode(mode=False):
        places = torch.arange(count, dtype=torch.int32)
        _mix_pixels(places)
        return places.to(device)


@lru_cache(maxsize=8)
def _quantiles(device: torch.device) -> torch.Tensor:
    quantiles = ndtri((np.arange(_LEVELS) + 0.5) / _LEVELS)
    with torch.inference_mode(mode=False):
        return torch.from_numpy(quantiles.astype(np.float32)).to(device)


def joined(columns: Sequence[NDArray[np.floating]]) -> NDArray[np.float64]:
    """Several numbers a patch, each (n,), side by side: (n, number of columns)."""
    return np.stack(columns, axis=1).astype(np.float64)
