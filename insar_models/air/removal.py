"""Take known multiples of fields from phase bytes: what a fit found, applied again to the byte."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fringewatch.errors import BadInputError
from fringewatch.numbers import NO_DATA_CODE, PHASE_SCALE_RAD, PHASE_STEPS
from insar_models.air.fields import AirField


def multiples_rad(
    shape: tuple[int, ...], terms: Sequence[tuple[AirField, float]]
) -> NDArray[np.float32]:
    """The sum of multiples of fields, float32 of that shape, radians; 0 if there are none.

    Each field counts from its own median, so that the middle of the phase stays where it was. What
    is given back depends on fields and factors alone.

    Raises
    ------
    BadInputError
        If a field has another shape.
    """
    total = np.zeros(shape, dtype=np.float32)
    for field, factor in terms:
        if field.values.shape != shape:
            message = (
                f"{field.name} has shape {field.values.shape}, the phase {shape}: they lie on "
                "different grids; give the field on the grid of the pair"
            )
            raise BadInputError(message)
        total += np.float32(factor) * (field.values - field.level)
    return total


def take_multiples(
    phase: NDArray[np.uint8], terms: Sequence[tuple[AirField, float]]
) -> NDArray[np.uint8]:
    """Phase bytes less multiples of fields; no data stays no data.

    Parameters
    ----------
    phase
        Shape (H, W), 0 is no data.
    terms
        Fields on the same grid, and the factor of each.

    Raises
    ------
    BadInputError
        If a field has another shape.
    """
    return turn_back(phase, multiples_rad(phase.shape, terms))


def turn_back(phase: NDArray[np.uint8], angle_rad: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Phase bytes less an angle; no data stays no data."""
    if not angle_rad.any():
        return phase.copy()
    steps = phase.astype(np.float32) - 1 - angle_rad / np.float32(PHASE_SCALE_RAD)
    codes = np.rint(steps % np.float32(PHASE_STEPS)).astype(np.uint8) + np.uint8(1)
    codes[phase == NO_DATA_CODE] = NO_DATA_CODE
    return codes
