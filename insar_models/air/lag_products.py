"""Phase differences over lags, gathered by block of the window and by step of a field.

A pair's wrapped phase z is compared with itself some pixels on: z(x + lag) conj z(x). Nothing is
unwrapped, and no level is needed. A field f that is in the phase with the factor s turns such a
product by s (f(x + lag) - f(x)); the sum of products that were turned back by the right factor is
the longest. What a sum needs to be taken for many factors is kept in bins of the field's step.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

STEP: Final = 4
"""Every fourth row and column is looked at: LiCSAR's filter lets neighbours share their noise."""

LAGS: Final = (8, 16, 32)
"""In pixels, along both axes; multiples of STEP."""

BLOCKS: Final = 10
"""Of a window, along each axis: 50 pixels or 5.5 km in a volcano's window."""

_LONGEST_BIN_RAD: Final = 0.3


@dataclass(frozen=True, eq=False)
class LagProducts:
    """Products of coherent pixels; n of them, lag by lag."""

    product: NDArray[np.complex64]
    """Shape (n,), unit length."""
    start: NDArray[np.intp]
    end: NDArray[np.intp]
    """Shape (n,); index of both pixels in the flat window of every STEP-th row and column."""
    lag: NDArray[np.intp]
    """Shape (n,); which lag along which axis, from 0 to 2 len(LAGS) - 1."""
    block: NDArray[np.intp]
    """Shape (n,); block in the middle between both, row by row."""

    def steps(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """What a field of shape (H, W) changes by from start to end of each; float32 (n,)."""
        flat = values[::STEP, ::STEP].ravel()
        return flat[self.end] - flat[self.start]

    def turned_back(self, angle_rad: NDArray[np.float32]) -> "LagProducts":
        """The same less an angle of each."""
        turn = np.empty(angle_rad.shape, dtype=np.complex64)
        turn.real, turn.imag = np.cos(angle_rad), -np.sin(angle_rad)
        return LagProducts(self.product * turn, self.start, self.end, self.lag, self.block)

    def where(self, chosen: NDArray[np.bool_]) -> "LagProducts":
        """Those that a mask of shape (n,) chooses."""
        return LagProducts(
            self.product[chosen],
            self.start[chosen],
            self.end[chosen],
            self.lag[chosen],
            self.block[chosen],
        )


def lag_products(phasor: NDArray[np.complex64], usable: NDArray[np.bool_]) -> LagProducts:
    """Products of all usable pixels over all lags.

    Parameters
    ----------
    phasor
        complex64 (H, W) of unit length; 0 is no data.
    usable
        bool (H, W); pixels that take part.
    """
    z, good = phasor[::STEP, ::STEP], (usable & (phasor != 0))[::STEP, ::STEP]
    rows, columns = z.shape
    index = np.arange(z.size).reshape(z.shape)
    parts: list[tuple[NDArray[np.intp], ...]] = []
    for lag in LAGS:
        for axis in (0, 1):
            shift = lag // STEP
            here = tuple(slice(None, -shift) if axis == k else slice(None) for k in (0, 1))
            there = tuple(slice(shift, None) if axis == k else slice(None) for k in (0, 1))
            both = good[here] & good[there]
            start, end = index[here][both], index[there][both]
            parts.append((start, end, np.full(start.size, len(parts), dtype=np.intp)))
    start, end, lag_of = (np.concatenate(each) for each in zip(*parts, strict=True))
    flat = z.ravel()
    row = (start // columns + end // columns) * BLOCKS // (2 * rows)
    column = (start % columns + end % columns) * BLOCKS // (2 * columns)
    return LagProducts(flat[end] * flat[start].conj(), start, end, lag_of, row * BLOCKS + column)


def agreement(products: LagProducts) -> float:
    """How long the sum of the products of a lag is, for each product: 0 to 1, 1 is a plain ramp."""
    lags = 2 * len(LAGS)
    parts = (products.product.real, products.product.imag)
    along, across = (np.bincount(products.lag, part, lags) for part in parts)
    return float(np.hypot(along, across).sum() / max(1, products.lag.size))


def sums_by_factor(
    products: LagProducts, steps: NDArray[np.float32], factors: NDArray[np.float64]
) -> NDArray[np.complex64]:
    """Sum of the products of each lag and block, turned back by each factor times their steps.

    Parameters
    ----------
    products, steps
        n products, and by how much the field changes over each.
    factors
        Evenly spaced, shape (S,).

    Returns
    -------
    numpy.ndarray
        complex64, shape (lags, blocks, S).
    """
    reach = float(np.abs(factors).max())
    largest = float(np.abs(steps).max(initial=0.0))
    half = int(np.ceil(largest * reach / _LONGEST_BIN_RAD))
    width = largest / half if half else 1.0
    bins = 2 * half + 1
    lags, blocks = 2 * len(LAGS), BLOCKS * BLOCKS
    place = np.rint(steps / np.float32(width)).astype(np.intp) + half
    place += (products.lag * blocks + products.block) * bins
    size = lags * blocks * bins
    gathered = np.empty((lags, blocks, bins), dtype=np.complex64)
    for part, values in (("real", products.product.real), ("imag", products.product.imag)):
        setattr(gathered, part, np.bincount(place, values, size).reshape(gathered.shape))
    middle = (np.arange(bins) - half) * width
    turn = np.exp(-1j * middle[:, None] * factors[None, :]).astype(np.complex64)
    sums: NDArray[np.complex64] = gathered @ turn
    return sums
