"""From phase bytes to what an encoder sees, with numpy alone: what a watch needs.

`insar_models.encoders.inputs` does the same with torch, on the device that learns. Tables, limits
and the halving of patches, which nearly all scoring is, are here for both.
"""

import math
from functools import lru_cache
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from fringewatch.errors import BadInputError
from fringewatch.numbers import NO_DATA_CODE, PHASE_OFFSET_RAD, PHASE_SCALE_RAD
from insar_models.encoders.spec import EncoderSpec

CHANNELS: Final = 3
"""Of all inputs: the first layers that were trained on pictures fit them."""

GREY_MEAN: Final = 127.0710
GREY_SPREAD: Final = 71.4902
"""Mean and standard deviation by which the published method normalises grey levels of 0 to 255."""

ENOUGH: Final = 0.5
"""Of the pixels of a box that must hold data for the box to hold data."""

NOISE: Final = 0.25
"""Local coherence up to which ``coherent`` inputs show nothing: noise seldom reaches more."""

SIGNAL: Final = 0.5
"""Local coherence from which on they show a phase as it is; fringes of twelve pixels reach it."""

PATCHES_AT_ONCE: Final = 2
"""That are worked on at a time: they stay near."""

_Number = TypeVar("_Number", np.uint8, np.int32, np.complex64)

_SHARES: Final = np.array([0, 0, 1 / 2, 1 / 3, 1 / 4], dtype=np.float32)
"""By which a sum over a box of four is multiplied, by the number of pixels with data."""


def phasor_inputs(codes: NDArray[np.uint8], spec: EncoderSpec) -> NDArray[np.float32]:
    """Return what the encoder of `spec` sees: float32 (n, 3, size, size), contiguous.

    See `insar_models.encoders.inputs.codes_to_inputs` for what the channels are.

    Parameters
    ----------
    codes
        uint8, shape (n, height, width); 0 is no data.
    spec
        Of the encoder.

    Raises
    ------
    BadInputError
        If the patches cannot be reduced to the encoder's size.
    """
    check_reducible(codes.shape[1], codes.shape[2], spec.size)
    inputs = np.empty((len(codes), CHANNELS, spec.size, spec.size), np.float32)
    for first in range(0, len(codes), PATCHES_AT_ONCE):
        some = slice(first, first + PATCHES_AT_ONCE)
        _fill(inputs[some], np.ascontiguousarray(codes[some]), spec)
    return inputs


def check_reducible(height: int, width: int, size: int) -> None:
    """Refuse patches that cannot be reduced to `size` x `size` pixels by whole boxes.

    Raises
    ------
    BadInputError
        If they are not square, or their side is no multiple of `size`.
    """
    if height != width or height < size or height % size:
        message = (
            f"patches of {height} x {width} pixels cannot be reduced to {size} x {size} by whole "
            f"boxes: use square patches whose side is a multiple of {size}, or another size"
        )
        raise BadInputError(message)


def halved_phasors(codes: NDArray[np.uint8]) -> tuple[NDArray[np.complex64], NDArray[np.bool_]]:
    """Return means over 2 x 2 pixels of contiguous codes, and where half of them hold data.

    Two neighbours in a row are one number of a table, so that it takes a third of the time.
    """
    pairs = np.take(_table_of_pairs(), codes.view(np.uint16))
    held = (codes != NO_DATA_CODE).view(np.uint16)  # two counts side by side
    both = held[:, ::2] + held[:, 1::2]
    count = (both & 0xFF) + (both >> 8)
    sums: NDArray[np.complex64] = pairs[:, ::2] + pairs[:, 1::2]
    sums *= np.take(_SHARES, count)
    return sums, count >= ENOUGH * 4


@lru_cache(maxsize=1)
def phasor_table() -> NDArray[np.complex64]:
    """Return the phasor of each of the 256 bytes, 0 for no data."""
    angle = np.arange(256) * PHASE_SCALE_RAD + PHASE_OFFSET_RAD
    # Exactly pi: else byte 255 turns over to -pi where angles are taken again.
    angle = np.clip(angle, -math.pi, math.pi)
    table = np.empty(256, np.complex64)
    table.real, table.imag = np.cos(angle), np.sin(angle)
    table[NO_DATA_CODE] = 0.0
    return table


@lru_cache(maxsize=1)
def _table_of_pairs() -> NDArray[np.complex64]:
    """The sum of the phasors of two bytes, whichever comes first: shape (65536,)."""
    return np.add.outer(phasor_table(), phasor_table()).ravel()


def _fill(inputs: NDArray[np.float32], codes: NDArray[np.uint8], spec: EncoderSpec) -> None:
    """Fill what the net sees (n, 3, size, size) from phase bytes."""
    field, valid = _reduced(codes, spec)
    if spec.inputs == "grey":
        grey = (np.arctan2(field.imag, field.real) - PHASE_OFFSET_RAD) / PHASE_SCALE_RAD
        inputs[...] = ((np.where(valid, grey, 0.0) - GREY_MEAN) / GREY_SPREAD)[:, np.newaxis]
    elif spec.inputs == "coherent":
        weight = _signal_weight(field, valid)
        for channel, part in enumerate((field.real, field.imag, valid)):
            np.multiply(part, weight, out=inputs[:, channel])
    else:
        inputs[:, 0], inputs[:, 1], inputs[:, 2] = field.real, field.imag, valid


def _reduced(
    codes: NDArray[np.uint8], spec: EncoderSpec
) -> tuple[NDArray[np.complex64], NDArray[np.bool_]]:
    """Mean phasors (n, size, size), and where they hold data."""
    box = codes.shape[1] // spec.size
    if box == 2 and spec.inputs != "grey":  # noqa: PLR2004 - where phasors cancel out, rounding
        return halved_phasors(codes)  # decides on their angle: grey adds as torch does
    field, valid = np.take(phasor_table(), codes), codes != NO_DATA_CODE
    if box == 1:
        return field, valid
    count = _box_sums(valid.astype(np.int32), box)
    valid = count >= ENOUGH * box * box
    means = _box_sums(field, box)
    parts = means.view(np.float32).reshape(*means.shape, 2)
    parts *= valid[..., np.newaxis]
    parts /= np.maximum(count, 1).astype(np.float32)[..., np.newaxis]
    return means, valid


def _box_sums(pixels: NDArray[_Number], box: int) -> NDArray[_Number]:
    rows = pixels[:, ::box].copy()
    for at in range(1, box):
        rows += pixels[:, at::box]
    sums = rows[..., ::box].copy()
    for at in range(1, box):
        sums += rows[..., at::box]
    return sums


def _signal_weight(field: NDArray[np.complex64], valid: NDArray[np.bool_]) -> NDArray[np.float32]:
    """See `insar_models.encoders.inputs.signal_weight`."""
    mean = _neighbourhood_sums(field)
    weight = mean.real**2
    weight += mean.imag**2
    np.sqrt(weight, out=weight)
    weight /= np.maximum(_neighbourhood_sums(valid.view(np.uint8)), 1)
    weight -= np.float32(NOISE)
    weight *= np.float32(1 / (SIGNAL - NOISE))
    return np.clip(weight, 0.0, 1.0, out=weight)


def _neighbourhood_sums(pixels: NDArray[_Number]) -> NDArray[_Number]:
    """Sums over 3 x 3 pixels; what lies outside is 0."""
    sums = pixels.copy()
    sums[:, 1:] += pixels[:, :-1]
    sums[:, :-1] += pixels[:, 1:]
    both = sums.copy()
    both[..., 1:] += sums[..., :-1]
    both[..., :-1] += sums[..., 1:]
    return both
