"""The phase of a chain: products of phasors along each path, averaged over paths as phasors.

Phase bytes are steps of a circle, so a product of phasors is a sum of bytes on it: no angle is
rounded on the way. Filtering and multilooking do not commute with products, so that paths of real
pairs do not agree to the last bit (docs/chains.md has how much); where they disagree by more than
`LEAST_AGREEMENT`, the pixel is no data.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fringewatch.errors import BadInputError
from fringewatch.numbers import NO_DATA_CODE, PHASE_SCALE_RAD, PHASE_STEPS
from insar_models.chains.plan import ChainPlan, Dates

LEAST_AGREEMENT: Final = 0.5
"""Length of the mean phasor of the paths: two that differ by 120 degrees have it."""

_HALF: Final = PHASE_STEPS // 2
_LOOK_UP: Final = np.exp(1j * PHASE_SCALE_RAD * np.arange(PHASE_STEPS)).astype(np.complex64)


@dataclass(frozen=True, eq=False)
class Chain:
    """A chain as a pair would be in a cube."""

    phase: NDArray[np.uint8]
    """Shape (H, W), phase bytes, 0 = no data: where no path has data, or paths disagree."""
    coherence: NDArray[np.uint8]
    """Shape (H, W), bytes: of the most coherent path, whose worth is that of its worst pair."""
    agreement: float
    """Mean length of the mean phasor of the paths, 0 to 1; NaN where there is one path alone."""
    bad_share: float
    """Share of the pixels with data at which paths disagree; NaN where there is one path alone."""


def chain_product(
    plan: ChainPlan, tiles: Mapping[Dates, tuple[NDArray[np.uint8], NDArray[np.uint8]]]
) -> Chain:
    """Return the interferogram of a chain.

    Parameters
    ----------
    plan
        The chain and its paths.
    tiles
        Of each of its pairs the phase and coherence bytes, uint8 (H, W), 0 is no data.

    Raises
    ------
    BadInputError
        If a pair is not there, is no bytes, or has another shape than the others.
    """
    parts = [_path(plan, path, tiles) for path in plan.paths]
    if len(parts) == 1:
        steps, valid, coherence = parts[0]
        return Chain(_encoded(steps, valid), coherence, float("nan"), float("nan"))
    total = np.zeros(parts[0][0].shape, dtype=np.complex64)
    count = np.zeros(total.shape, dtype=np.float32)
    best = np.zeros(total.shape, dtype=np.uint8)
    for steps, valid, coherence in parts:
        total += np.where(valid, _LOOK_UP[steps], np.complex64(0))
        count += valid
        np.maximum(best, coherence, out=best)
    agreement = np.abs(total) / np.maximum(count, 1)
    several = count > 1
    good = (count > 0) & (agreement >= LEAST_AGREEMENT)
    angle = np.rint(np.angle(total) / PHASE_SCALE_RAD).astype(np.int64) % PHASE_STEPS
    looped = int(several.sum())
    return Chain(
        _encoded(angle, good),
        np.where(good, best, np.uint8(0)),
        float(agreement[several].mean()) if looped else float("nan"),
        float((several & ~good).sum() / looped) if looped else float("nan"),
    )


def _path(
    plan: ChainPlan,
    path: Sequence[Dates],
    tiles: Mapping[Dates, tuple[NDArray[np.uint8], NDArray[np.uint8]]],
) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.uint8]]:
    """Return steps of the circle (0 is phase 0), where there is data, and coherence bytes."""
    steps, valid, coherence = None, None, None
    for pair in path:
        phase, own = _tile(plan, pair, tiles)
        turned = phase.astype(np.int64) - 1 - _HALF  # byte 1 is -pi, half a circle before 0
        if steps is None or valid is None or coherence is None:
            steps, valid, coherence = turned, phase != NO_DATA_CODE, own.copy()
            continue
        if turned.shape != steps.shape:
            message = (
                f"chain {plan.primary}_{plan.secondary}: pair {pair[0]}_{pair[1]} has shape "
                f"{turned.shape}, another {steps.shape}: give one window"
            )
            raise BadInputError(message)
        steps += turned
        valid &= phase != NO_DATA_CODE
        np.minimum(coherence, own, out=coherence)
    if steps is None or valid is None or coherence is None:
        message = f"chain {plan.primary}_{plan.secondary}: a path without a pair"
        raise BadInputError(message)
    coherence[~valid] = 0
    return steps % PHASE_STEPS, valid, coherence


def _tile(
    plan: ChainPlan, pair: Dates, tiles: Mapping[Dates, tuple[NDArray[np.uint8], NDArray[np.uint8]]]
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Phase and coherence of one pair of the chain; raises if they are not there."""
    if pair not in tiles:
        message = (
            f"chain {plan.primary}_{plan.secondary}: pair {pair[0]}_{pair[1]} is not there: give "
            "all pairs of its paths"
        )
        raise BadInputError(message)
    phase, coherence = tiles[pair]
    if phase.dtype != np.uint8 or coherence.dtype != np.uint8 or phase.shape != coherence.shape:
        message = (
            f"pair {pair[0]}_{pair[1]}: phase {phase.dtype} {phase.shape} and coherence "
            f"{coherence.dtype} {coherence.shape}, but bytes of one shape are needed"
        )
        raise BadInputError(message)
    return phase, coherence


def _encoded(steps: NDArray[np.int64], valid: NDArray[np.bool_]) -> NDArray[np.uint8]:
    codes = ((steps + _HALF) % PHASE_STEPS + 1).astype(np.uint8)
    codes[~valid] = NO_DATA_CODE
    return codes
