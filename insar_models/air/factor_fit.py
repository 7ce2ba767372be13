"""The factor with which a field is in a pair, taken from ground that no one source can have moved.

A source under a summit makes phase that follows the heights near by, and only there; air follows
them in the whole window. So two factors are taken (others mask ground that deforms by hand: Doin et
al. 2015, Daout et al. 2017):

- one without the square that would agree much better with a factor of its own: where a source and
  the air differ, or two sources;
- one without the larger square on which the field explains most: a lone summit. What is left must
  still ask for the field, or nothing can be told from a source.

Either must agree better than nearly all fields whose sign is drawn for each block anew.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from insar_models.air.lag_products import BLOCKS, LAGS, LagProducts, sums_by_factor
from insar_models.phase.fringe_rate import length

DRAWS: Final = 199
"""Of signs; the least chance that can be told is 1 in 200."""

CONTRARY_BLOCKS: Final = 3
"""Along each axis, of the square that fits least: 17 km in a volcano's window."""

TELLING_BLOCKS: Final = 4
"""Along each axis, of the square that tells most: 22 km, both flanks of a large cone."""

_FEWEST_FACTORS: Final = 41
_MOST_FACTORS: Final = 401
_STEP_RAD: Final = 0.5
_REFINEMENTS: Final = 4
_SEED: Final = 20150101
_AGREEING_DEVIATIONS: Final = 2.0


@dataclass(frozen=True)
class FactorFit:
    """A factor, and how well it is known."""

    factor: float
    deviation: float
    """Standard deviation of the factor, by how much the blocks contradict each other."""
    chance: float
    """Share of drawn signs with which the field agrees as well."""
    share: float
    """Of what the phase outside of the square does not agree on: what the field explains."""


@dataclass(frozen=True)
class TwoFits:
    """The factor without either square."""

    without_contrary: FactorFit
    without_telling: FactorFit

    @property
    def chosen(self) -> FactorFit:
        """The better known; where the two differ by more than they may, the smaller factor."""
        first, second = self.without_contrary, self.without_telling
        apart = abs(first.factor - second.factor)
        if apart <= _AGREEING_DEVIATIONS * math.hypot(first.deviation, second.deviation):
            return min(first, second, key=lambda fit: fit.deviation)
        return min(first, second, key=lambda fit: abs(fit.factor))

    @property
    def have_one_sign(self) -> bool:
        """Whether both say that the delay grows, or both that it falls."""
        return self.without_contrary.factor * self.without_telling.factor > 0


def fit_factor(products: LagProducts, steps: NDArray[np.float32], reach: float) -> TwoFits | None:
    """The factors that lengthen the sum of products most; None if the field has no steps.

    Parameters
    ----------
    products
        Of n pairs of pixels.
    steps
        By how much the field changes over each, float32 (n,).
    reach
        Factors from minus to plus this are looked at.
    """
    factors = _factors(steps, reach)
    if factors is None:
        return None
    sums = sums_by_factor(products, steps, factors)

    def fit_without(square: NDArray[np.intp]) -> FactorFit:
        kept = np.ones(BLOCKS * BLOCKS, dtype=np.bool_)
        kept[square] = False
        rest = sums[:, kept]
        inside = kept[products.block]
        start = float(factors[np.argmax(agreed(rest))])
        factor, deviation = _refined(products.where(inside), steps[inside], start)
        return FactorFit(factor, deviation, _chance(rest), _share(rest, int(inside.sum())))

    return TwoFits(fit_without(_most_contrary(sums)), fit_without(_most_telling(sums)))


def agreed(sums: NDArray[np.complex64]) -> NDArray[np.float32]:
    """Length of the sum over blocks, added over lags; (lags, blocks, S) to (S,).

    Each lag may have an angle of its own: that is the pair's ramp, which is no business of ours.
    """
    total: NDArray[np.float32] = np.abs(sums.sum(axis=1)).sum(axis=0)
    return total


def _factors(steps: NDArray[np.float32], reach: float) -> NDArray[np.float64] | None:
    if steps.size == 0:
        return None
    large = float(np.quantile(np.abs(steps[:: max(1, steps.size // 20_000)]), 0.95))
    if large <= 0:
        return None
    count = int(np.clip(2 * reach * large / _STEP_RAD, _FEWEST_FACTORS, _MOST_FACTORS)) | 1
    return np.linspace(-reach, reach, count)


def _most_contrary(sums: NDArray[np.complex64]) -> NDArray[np.intp]:
    """Blocks of the square that would agree much better with a factor of its own."""
    whole = sums.sum(axis=1)
    best = int(np.argmax(np.abs(whole).sum(axis=0)))
    direction = np.exp(-1j * np.angle(whole[:, best]))[:, None, None]
    alone = (sums * direction).real.sum(axis=0).max(axis=1)
    squares = _squares(CONTRARY_BLOCKS)
    agreements = [float(_without(sums, square).max() + alone[square].sum()) for square in squares]
    return squares[int(np.argmax(agreements))]


def _most_telling(sums: NDArray[np.complex64]) -> NDArray[np.intp]:
    """Blocks of the square without which the field explains least."""
    squares = _squares(TELLING_BLOCKS)
    rests = [_without(sums, square) for square in squares]
    gains = [float(rest.max() - rest[rest.size // 2]) for rest in rests]
    return squares[int(np.argmin(gains))]


def _squares(side: int) -> list[NDArray[np.intp]]:
    """Blocks of each square of `side` by `side` blocks."""
    grid = np.arange(BLOCKS * BLOCKS).reshape(BLOCKS, BLOCKS)
    first = range(BLOCKS - side + 1)
    return [grid[row : row + side, left : left + side].ravel() for row in first for left in first]


def _without(sums: NDArray[np.complex64], square: NDArray[np.intp]) -> NDArray[np.float32]:
    """Agreement by factor when a square is left out; (S,)."""
    rest = sums.sum(axis=1) - sums[:, square].sum(axis=1)
    length: NDArray[np.float32] = np.abs(rest).sum(axis=0)
    return length


def _refined(
    products: LagProducts, steps: NDArray[np.float32], factor: float
) -> tuple[float, float]:
    """Factor to the last digit by Newton's steps, and its standard deviation by blocks."""
    lags = 2 * len(LAGS)
    count = np.maximum(np.bincount(products.lag, minlength=lags), 1)
    for _ in range(_REFINEMENTS):
        turned = products.turned_back(np.float32(factor) * steps).product
        angle = np.angle(_by(products.lag, turned, lags))
        turned = turned * np.exp(-1j * angle).astype(np.complex64)[products.lag]
        weight = turned.real
        mean = np.bincount(products.lag, steps, lags) / count
        centred = steps - mean.astype(np.float32)[products.lag]
        slope = turned.imag * centred
        curvature = float((weight * centred * centred).sum())
        if curvature <= 0:
            return factor, float("inf")
        factor += float(slope.sum()) / curvature
    by_block = np.bincount(products.block, slope, BLOCKS * BLOCKS)
    return factor, float(np.sqrt((by_block**2).sum())) / curvature


def _by(
    group: NDArray[np.intp], values: NDArray[np.complex64], groups: int
) -> NDArray[np.complex128]:
    real, imag = (np.bincount(group, part, groups) for part in (values.real, values.imag))
    return real + 1j * imag


def _share(sums: NDArray[np.complex64], count: int) -> float:
    lengths = agreed(sums)
    without = float(lengths[lengths.size // 2])  # the factors are even about 0
    return (float(lengths.max()) - without) / max(count - without, 1.0)


def _chance(sums: NDArray[np.complex64]) -> float:
    """Share of draws in which the field, with signs drawn by block, agrees as well as it is."""
    lags, blocks, count = sums.shape
    mirrored = sums[..., ::-1]
    even, odd = (sums + mirrored).sum(axis=1) / 2, (sums - mirrored) / 2
    signs = np.random.default_rng(_SEED).choice(np.array([-1, 1], np.float32), (DRAWS, blocks))
    drawn = np.zeros((DRAWS, count), dtype=np.float32)
    for lag in range(lags):
        # Real times complex, as numpy does it, would turn the signs into complex numbers first.
        turned = (signs @ odd[lag].view(np.float32)).view(np.complex64)
        turned += even[lag]
        drawn += length(turned.real, turned.imag)
    reached = float(agreed(sums).max())
    return float((1 + (drawn.max(axis=1) >= reached * (1 - 1e-6)).sum()) / (1 + DRAWS))
