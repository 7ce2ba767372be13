"""Motion pasted on whole quiet windows, to place thresholds and to judge by.

Here nothing is augmented: a window stays what a watch would see, plus a source near its volcano.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from fringewatch.errors import BadInputError
from fringewatch.numbers import NO_DATA_CODE, PHASE_SCALE_RAD, PHASE_STEPS, WINDOW_SIZE
from insar_models.detectors.window_score import ANYWHERE, SPREAD_PIXELS
from insar_models.encoders.inputs import phasors_of as phasors_of_codes
from insar_models.encoders.inputs import reduce_phasors, signal_weight
from insar_models.phase.window_patches import cut_patches
from insar_models.simulation.source_pool import make_pool
from insar_models.tuning.pasting import RADIANS_PER_METRE

PatchLogits = Callable[[NDArray[np.uint8]], NDArray[np.float64]]
"""Logits of patches of phase bytes (n, 224, 224): (n,), NaN where one cannot be judged."""

_REDUCED: Final = 2
_POOL_SIDE: Final = 3 * WINDOW_SIZE // 4
"""Of simulated fields, at half the resolution: half a window of room to shift them."""

_STEP_M: Final = 222.6
"""Height of two pixels of 0.001 degree."""

_MOVED: Final = 0.5
"""Share of a source's peak beyond which ground counts as moved."""

_EDGE: Final = 0.04
_TRIES: Final = 200


@dataclass(frozen=True, eq=False)
class Fields:
    """Motion of the ground, n fields at half the resolution of a window."""

    motion: NDArray[np.float16]
    """Shape (n, side, side), the largest magnitude 1; the side is at least half a window's."""
    kind: NDArray[np.str_]
    """Shape (n,): what each is."""


@dataclass(frozen=True, eq=False)
class PastedWindows:
    """Windows with a source each."""

    codes: NDArray[np.uint8]
    """Shape (n, 500, 500)."""
    seen: NDArray[np.float64]
    """Shape (n,): share of the moved ground that shows a signal."""
    kind: NDArray[np.str_]
    peak_m: NDArray[np.float64]


def simulated_fields(count: int, seed: int) -> Fields:
    """Return fields of random Mogi sources, sills and dykes in turn, as Sentinel-1 sees them.

    Raises
    ------
    BadInputError
        If the count is below 1.
    """
    pool = make_pool(count, seed, size=_POOL_SIDE, spacing_m=(_STEP_M, _STEP_M))
    return Fields(pool.fields, pool.kind)


def paste_on_windows(
    windows: NDArray[np.uint8],
    fields: Fields,
    peaks_m: NDArray[np.float64],
    generator: np.random.Generator,
) -> PastedWindows:
    """Return each window with one of the fields added, of either sign.

    Where a source lies is drawn from the prior that `WindowScore` states: near the middle, and
    anywhere at times.

    Parameters
    ----------
    windows
        Phase bytes (n, 500, 500).
    fields
        To draw from.
    peaks_m
        Shape (n,): of each window, in the line of sight.
    generator
        Of everything that is drawn.

    Raises
    ------
    BadInputError
        If there are no fields, or they are smaller than half a window.
    """
    half = WINDOW_SIZE // _REDUCED
    if not len(fields.motion) or fields.motion.shape[1] < half:
        message = (
            f"fields of shape {fields.motion.shape} cannot be pasted: give one or more of at least "
            f"{half} x {half} pixels"
        )
        raise BadInputError(message)
    chosen = generator.integers(len(fields.motion), size=len(windows))
    signs = generator.choice([-1.0, 1.0], len(windows))
    codes, seen = np.empty_like(windows), np.zeros(len(windows))
    for at, window in enumerate(windows):
        motion = _shifted(_turned(fields.motion[chosen[at]], generator), half, generator)
        fine = np.kron(motion, np.ones((_REDUCED, _REDUCED), np.float32))
        codes[at] = _added(window, _smooth(fine) * (signs[at] * peaks_m[at] * RADIANS_PER_METRE))
        seen[at] = _seen(codes[at], motion)
    return PastedWindows(codes, seen, fields.kind[chosen], peaks_m)


def window_logits(codes: NDArray[np.uint8], patch_logits: PatchLogits) -> NDArray[np.float64]:
    """Return the logits of the nine patches of each window, float64 (n, 9)."""
    return np.stack([patch_logits(cut_patches(window).astype(np.uint8)) for window in codes])


def spread_peaks(
    range_m: tuple[float, float], count: int, generator: np.random.Generator
) -> NDArray[np.float64]:
    """Return peaks between two sizes, evenly in the logarithm, (count,)."""
    low, high = (math.log(end) for end in range_m)
    return np.asarray(np.exp(generator.uniform(low, high, count)))


def _turned(field: NDArray[np.float16], generator: np.random.Generator) -> NDArray[np.float32]:
    form = int(generator.integers(8))
    turned = np.rot90(field.astype(np.float32), form % 4)
    return turned.T if form >= 4 else turned  # noqa: PLR2004 - four turns, and each mirrored


def _shifted(
    field: NDArray[np.float32], size: int, generator: np.random.Generator
) -> NDArray[np.float32]:
    """A square of the field in which its peak lies where the prior puts a source; beyond it, 0."""
    peak = np.unravel_index(int(np.abs(field).argmax()), field.shape)
    wanted = _place(size, generator)
    padded = np.pad(field, size)
    row, column = (int(at) + size - want for at, want in zip(peak, wanted, strict=True))
    return padded[row : row + size, column : column + size]


def _place(size: int, generator: np.random.Generator) -> tuple[int, int]:
    low, high = _EDGE * size, (1 - _EDGE) * size
    if generator.random() < ANYWHERE:
        row, column = generator.uniform(low, high, 2)
        return int(row), int(column)
    for _ in range(_TRIES):
        row, column = generator.normal(size / 2, SPREAD_PIXELS / _REDUCED, 2)
        if low <= row < high and low <= column < high:
            return int(row), int(column)
    return size // 2, size // 2


def _smooth(fine: NDArray[np.float32]) -> NDArray[np.float32]:
    """Steps of two pixels made a slope."""
    for axis in (0, 1):
        fine = np.asarray((fine + np.roll(fine, 1, axis)) / 2, dtype=np.float32)
    return fine


def _added(window: NDArray[np.uint8], phase_rad: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Phase is added to bytes: byte 255 is byte 1, a whole turn later."""
    steps = np.rint(phase_rad / PHASE_SCALE_RAD).astype(np.int32)
    moved = 1 + (window.astype(np.int32) - 1 + steps) % PHASE_STEPS
    return np.where(window == NO_DATA_CODE, np.uint8(NO_DATA_CODE), moved.astype(np.uint8))


def _seen(codes: NDArray[np.uint8], motion: NDArray[np.float32]) -> float:
    """How much of the ground that moved shows a phase."""
    reduced = reduce_phasors(phasors_of_codes(torch.from_numpy(codes[None])), len(motion))
    signal = (signal_weight(reduced) * reduced.valid)[0, 0].numpy()
    moved = np.abs(motion) > _MOVED * np.abs(motion).max()
    return float((signal * moved).sum() / max(1, int(moved.sum())))
