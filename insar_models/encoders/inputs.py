"""From phase bytes to what an encoder sees, on the device that learns.

In between lie phasors: whatever is done to a patch, turning, noise or reduction, is done to
them. Bytes and angles are never averaged.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from fringewatch.errors import BadInputError
from fringewatch.numbers import NO_DATA_CODE, PHASE_OFFSET_RAD, PHASE_SCALE_RAD
from insar_models.encoders.phasor_inputs import (
    CHANNELS,
    ENOUGH,
    GREY_MEAN,
    GREY_SPREAD,
    NOISE,
    SIGNAL,
    check_reducible,
    halved_phasors,
    phasor_table,
)
from insar_models.encoders.spec import EncoderSpec

_CPU_PATCHES: Final = 8
"""That are worked on at a time on a CPU."""


@dataclass(frozen=True, eq=False)
class Phasors:
    """A batch of patches as phasors.

    Raises
    ------
    BadInputError
        If the two do not fit together.
    """

    field: torch.Tensor
    """Float, shape (n, 2, height, width): cosine and sine, of a length of at most 1 (less where
    phases were averaged that disagree); 0 where there is no data."""
    valid: torch.Tensor
    """Bool, shape (n, 1, height, width): where there is data."""

    def __post_init__(self) -> None:
        field, valid = self.field, self.valid
        fits = field.ndim == 4 and field.shape[1] == 2 and field.is_floating_point()  # noqa: PLR2004
        if (
            not fits
            or valid.dtype != torch.bool
            or valid.shape != (len(field), 1, *field.shape[2:])
        ):
            message = (
                f"phasors of {field.dtype} and shape {tuple(field.shape)} with validity of "
                f"{valid.dtype} and shape {tuple(valid.shape)}: give floats of (n, 2, height, "
                "width) and bools of (n, 1, height, width)"
            )
            raise BadInputError(message)

    def __len__(self) -> int:
        return len(self.field)


def phasors_of(codes: torch.Tensor) -> Phasors:
    """Phasors of phase bytes, on the bytes' device.

    Parameters
    ----------
    codes
        uint8, shape (n, height, width); 0 is no data.

    Returns
    -------
    Phasors
        float32, of length 1, or 0 where there is no data.

    Raises
    ------
    BadInputError
        If the bytes have another type or number of dimensions.
    """
    if codes.dtype != torch.uint8 or codes.ndim != 3:  # noqa: PLR2004
        message = (
            f"{codes.dtype} of shape {tuple(codes.shape)} is no batch of phase bytes: give uint8 "
            "of shape (n, height, width)"
        )
        raise BadInputError(message)
    valid = (codes != NO_DATA_CODE).unsqueeze(1)
    if codes.device.type == "cpu":  # numpy takes numbers of eight bytes in half of torch's time
        return Phasors(_field_of(np.take(phasor_table(), codes.numpy())), valid)
    return Phasors(functional.embedding(codes.int(), _table(codes.device)).movedim(3, 1), valid)


def reduce_phasors(phasors: Phasors, size: int) -> Phasors:
    """Patches of `size` x `size` pixels: means of the phasors with data in square boxes.

    A box holds data if half of its pixels do. Patches that have this size are given back.

    Raises
    ------
    BadInputError
        If the patches are not square, or their side is no multiple of `size`.
    """
    height, width = phasors.field.shape[2:]
    if (height, width) == (size, size):
        return phasors
    check_reducible(height, width, size)
    box = height // size
    count = _box_sums(phasors.valid.to(torch.int32), box)
    valid = count >= ENOUGH * box * box
    return Phasors(_box_sums(phasors.field, box) * valid / count.clamp(min=1), valid)


def reduced_phasors_of(codes: torch.Tensor, size: int) -> Phasors:
    """What `reduce_phasors` makes of `phasors_of`, to rounding; halved on a CPU, in a third of it.

    Raises
    ------
    BadInputError
        As those two.
    """
    halved = codes.shape[1:] == (2 * size, 2 * size)
    if codes.device.type == "cpu" and codes.dtype == torch.uint8 and halved:
        means, valid = halved_phasors(np.ascontiguousarray(codes.numpy()))
        return Phasors(_field_of(means), torch.from_numpy(valid).unsqueeze(1))
    return reduce_phasors(phasors_of(codes), size)


def inputs_of_codes(codes: torch.Tensor, spec: EncoderSpec) -> torch.Tensor:
    """What the encoder of `spec` sees of phase bytes, channels last in memory.

    `codes_to_inputs` makes the same of phasors, to rounding. On a CPU this takes half of its time:
    a few patches at once stay near.

    Parameters
    ----------
    codes
        uint8, shape (n, height, width); 0 is no data.
    spec
        Of the encoder.

    Raises
    ------
    BadInputError
        As `phasors_of` and `codes_to_inputs`.
    """
    if codes.device.type != "cpu":
        return codes_to_inputs(phasors_of(codes), spec)
    inputs = torch.empty((len(codes), spec.size, spec.size, CHANNELS)).movedim(3, 1)
    for first in range(0, max(1, len(codes)), _CPU_PATCHES):
        some = slice(first, first + _CPU_PATCHES)
        if spec.inputs == "grey":  # where phasors cancel out, rounding decides on their angle
            seen = reduce_phasors(phasors_of(codes[some]), spec.size)
        else:
            seen = reduced_phasors_of(codes[some], spec.size)
        _fill(inputs[some], seen, spec)
    return inputs


def codes_to_inputs(phasors: Phasors, spec: EncoderSpec) -> torch.Tensor:
    """What the encoder of `spec` sees of phasors, reduced to its size.

    Returns
    -------
    torch.Tensor
        Shape (n, 3, size, size), of the phasors' type and device. ``phasor``: cosine and sine, 0
        where there is no data, and 1 where there is data, else 0. ``coherent``: the same, each
        times a weight from 0 to 1, so that noise looks like no data, over sea and over forest.
        ``grey``: three times the phase as a grey level, 1 to 255 for -pi to pi and 0 for no data,
        normalised as in the published method.

    Raises
    ------
    BadInputError
        If the patches cannot be reduced to the encoder's size.
    """
    seen = reduce_phasors(phasors, spec.size)
    # Channels last in memory, as phasors_of has them and as convolutions are quickest.
    inputs = seen.field.new_empty((len(seen), spec.size, spec.size, CHANNELS)).movedim(3, 1)
    _fill(inputs, seen, spec)
    return inputs


def _fill(inputs: torch.Tensor, seen: Phasors, spec: EncoderSpec) -> None:
    """Write what the encoder of `spec` sees of phasors of its size."""
    if spec.inputs != "grey":
        inputs[:, :2], inputs[:, 2:] = seen.field, seen.valid
        if spec.inputs == "coherent":
            inputs.mul_(signal_weight(seen))
        return
    cosine, sine = seen.field[:, :1], seen.field[:, 1:]
    grey = (torch.atan2(sine, cosine) - PHASE_OFFSET_RAD) / PHASE_SCALE_RAD
    inputs[...] = (torch.where(seen.valid, grey, 0.0) - GREY_MEAN) / GREY_SPREAD


def signal_weight(phasors: Phasors) -> torch.Tensor:
    """Return 0 in noise and 1 where neighbours agree in phase: float, (n, 1, height, width).

    It is what ``coherent`` inputs are weighted by, and follows the length of the mean phasor of
    3 x 3 pixels; what holds no data does not count, and has no weight itself where nothing around
    it has data.
    """
    parts = torch.cat([phasors.field, phasors.valid.to(phasors.field.dtype)], dim=1)
    real, imaginary, count = _neighbourhood_sums(parts).unbind(1)
    # In place, and without hypot's care for numbers that no phasor reaches.
    coherence = real.mul_(real).addcmul_(imaginary, imaginary).sqrt_() / count.clamp(min=1)
    return ((coherence - NOISE) / (SIGNAL - NOISE)).clamp(0, 1).unsqueeze(1)


def _neighbourhood_sums(pixels: torch.Tensor) -> torch.Tensor:
    """Sums over 3 x 3 pixels; what lies outside is 0."""
    for axis in (2, 3):
        length = pixels.shape[axis]
        sums = pixels.clone()
        sums.narrow(axis, 1, length - 1).add_(pixels.narrow(axis, 0, length - 1))
        sums.narrow(axis, 0, length - 1).add_(pixels.narrow(axis, 1, length - 1))
        pixels = sums
    return pixels


def _box_sums(pixels: torch.Tensor, box: int) -> torch.Tensor:
    # On a CPU, several times as quick as pooling.
    rows = pixels[:, :, ::box].clone()
    for at in range(1, box):
        rows += pixels[:, :, at::box]
    sums = rows[..., ::box].clone()
    for at in range(1, box):
        sums += rows[..., at::box]
    return sums


def _field_of(phasors: NDArray[np.complex64]) -> torch.Tensor:
    """Shape (n, H, W) to floats (n, 2, H, W), channels last; nothing is copied."""
    parts = phasors.view(np.float32).reshape(*phasors.shape, 2)
    return torch.from_numpy(parts).movedim(3, 1)


@lru_cache(maxsize=32)
def _table(device: torch.device) -> torch.Tensor:
    """Cosine and sine of each of the 256 bytes: float32, shape (256, 2)."""
    table = phasor_table().view(np.float32).reshape(256, 2).copy()
    return torch.from_numpy(table).to(device)
