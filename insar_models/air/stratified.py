"""Take from a wrapped pair what the layered air made of it.

A ring of fringes round a cone is mostly air: its delay follows the heights, up to 20 rad on real
cones, with either sign. What is taken away is the multiple of a field (heights, or the delays of a
weather model) that makes the pair flattest, found on phasors without unwrapping. Nothing is taken
where the ground away from any one source does not ask for it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fringewatch.errors import BadInputError
from fringewatch.numbers import COHERENCE_SCALE, NO_DATA_CODE
from insar_models.air.factor_fit import FactorFit, TwoFits, fit_factor
from insar_models.air.fields import AirField
from insar_models.air.lag_products import STEP, LagProducts, agreement, lag_products
from insar_models.air.removal import multiples_rad, turn_back
from insar_models.phase.codes import decode_phase, phasor

LEAST_COHERENCE: Final = 0.4
"""Of pixels that a factor is taken from."""

FEWEST_PIXELS: Final = 250
"""Of every fourth row and column: a sixtieth of a volcano's window."""

HIGHEST_CHANCE: Final = 0.01
"""With which a field may be taken for the air's though it is not."""

LEAST_SHARE: Final = 0.02
"""Of the structure outside of what was left out: less is not worth touching a pair for."""

_TWICE: Final = 2


class FitOutcome(StrEnum):
    """What came of a field."""

    REMOVED = "removed"
    TOO_LITTLE_DATA = "too little coherent ground where the field is known"
    FLAT = "the field is flat"
    NOT_SIGNIFICANT = "the ground does not follow the field"
    ONE_PLACE = "the ground follows the field in one place only, as above a source"


@dataclass(frozen=True)
class FieldFit:
    """How much of one field is in a pair."""

    field: str
    outcome: FitOutcome
    factor: float
    """That was found, removed or not; NaN if none could be looked for."""
    deviation: float
    """Its standard deviation, from how much the ground's blocks contradict each other."""
    unit: str
    """Of both: rad/km for heights, 1 for delays that are in radians themselves."""
    chance: float
    """Of agreeing as well by accident, 0 to 1: the larger of the two fits'."""


@dataclass(frozen=True, eq=False)
class AirCorrection:
    """A pair less its air."""

    phase: NDArray[np.uint8]
    """Shape (H, W), phase bytes; no data where the pair had none, and nowhere else."""
    removed_rad: NDArray[np.float32]
    """Shape (H, W); what was taken away, finite everywhere, 0 if nothing."""
    fits: tuple[FieldFit, ...]
    """One for each field, in the order in which they were given."""
    agreement_before: float
    """Of the phase over lags of 8, 16 and 32 pixels, but for a ramp; 0 to 1, NaN without data."""
    agreement_after: float

    @property
    def share_explained(self) -> float:
        """Share of the pair's structure that the fields explain: of 1 less the agreement, 0 to 1.

        What is left holds noise too, so that even pure air is never explained to the whole.
        """
        lacking = 1 - self.agreement_before
        if not lacking > 0:
            return 0.0
        return max(0.0, (self.agreement_after - self.agreement_before) / lacking)

    @property
    def is_changed(self) -> bool:
        """Whether anything was removed."""
        return any(fit.outcome is FitOutcome.REMOVED for fit in self.fits)


def remove_air(
    phase: NDArray[np.uint8], coherence: NDArray[np.uint8], fields: Sequence[AirField]
) -> AirCorrection:
    """The pair less the multiple of each field that the ground asks for.

    Parameters
    ----------
    phase
        Phase bytes, shape (H, W), 0 is no data.
    coherence
        Coherence bytes of the same shape, 0 is no data.
    fields
        On the same grid, the most trusted first: each is fitted on what those before it left, and
        those that were removed are fitted once more beside each other. One that is known hardly
        anywhere is left out, and the others do without it.

    Raises
    ------
    BadInputError
        If shapes differ, a type is not uint8, there is no field, or two have the same name.
    """
    _check(phase, coherence, fields)
    usable = (phase != NO_DATA_CODE) & is_coherent(coherence)
    fitted: list[AirField] = []
    for field in fields:
        if np.count_nonzero((usable & field.known)[::STEP, ::STEP]) >= FEWEST_PIXELS:
            usable &= field.known
            fitted.append(field)
    products = lag_products(phasor(decode_phase(phase)), usable)
    found = {fit.field: fit for fit in _fit_all(products, fitted)}
    fits = tuple(
        found.get(field.name, _not_fitted(field, FitOutcome.TOO_LITTLE_DATA)) for field in fields
    )
    if not fitted:
        nothing = np.zeros(phase.shape, dtype=np.float32)
        return AirCorrection(phase.copy(), nothing, fits, math.nan, math.nan)
    terms = [
        (field, found[field.name].factor)
        for field in fitted
        if found[field.name].outcome is FitOutcome.REMOVED
    ]
    removed = multiples_rad(phase.shape, terms)
    after = products.turned_back(products.steps(removed))
    return AirCorrection(
        turn_back(phase, removed), removed, fits, agreement(products), agreement(after)
    )


def is_coherent(coherence: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Where coherence bytes are high enough for a factor to be taken from; same shape."""
    coherent: NDArray[np.bool_] = coherence >= LEAST_COHERENCE / COHERENCE_SCALE
    return coherent


def _fit_all(products: LagProducts, fields: Sequence[AirField]) -> tuple[FieldFit, ...]:
    steps = [products.steps(field.values) for field in fields]
    fits: dict[int, FieldFit] = {}
    for index in range(len(fields)):
        fits[index] = _fit_beside(products, fields, steps, fits, index)
    removed = [index for index, fit in fits.items() if fit.outcome is FitOutcome.REMOVED]
    if len(removed) >= _TWICE:
        for index in removed:
            fits[index] = _fit_beside(products, fields, steps, fits, index)
    return tuple(fits[index] for index in range(len(fields)))


def _fit_beside(
    products: LagProducts,
    fields: Sequence[AirField],
    steps: Sequence[NDArray[np.float32]],
    fits: dict[int, FieldFit],
    index: int,
) -> FieldFit:
    """Fit of one field on what the others, as far as they are removed, leave."""
    for other, fit in fits.items():
        if other != index and fit.outcome is FitOutcome.REMOVED:
            products = products.turned_back(np.float32(fit.factor) * steps[other])
    field = fields[index]
    found = fit_factor(products, steps[index], field.reach)
    if found is None:
        return _not_fitted(field, FitOutcome.FLAT)
    chosen = found.chosen
    chance = max(found.without_contrary.chance, found.without_telling.chance)
    return FieldFit(
        field.name, _outcome(found), chosen.factor, chosen.deviation, field.unit, chance
    )


def _outcome(found: TwoFits) -> FitOutcome:
    first, second = found.without_contrary, found.without_telling
    if not all(_is_asked_for(fit) for fit in (first, second)):
        if _is_asked_for(first):
            return FitOutcome.ONE_PLACE
        return FitOutcome.NOT_SIGNIFICANT
    return FitOutcome.REMOVED if found.have_one_sign else FitOutcome.ONE_PLACE


def _is_asked_for(fit: FactorFit) -> bool:
    return (
        fit.chance <= HIGHEST_CHANCE
        and fit.share >= LEAST_SHARE
        and abs(fit.factor) > _TWICE * fit.deviation
    )


def _not_fitted(field: AirField, outcome: FitOutcome) -> FieldFit:
    return FieldFit(field.name, outcome, math.nan, math.nan, field.unit, math.nan)


def _check(
    phase: NDArray[np.uint8], coherence: NDArray[np.uint8], fields: Sequence[AirField]
) -> None:
    """Pass bytes of one window and fields on its grid."""
    for name, array in (("phase", phase), ("coherence", coherence)):
        if array.dtype != np.uint8 or array.ndim != _TWICE:
            message = (
                f"{name}: {array.dtype} of shape {array.shape}, but bytes of shape (rows, columns) "
                "are needed: encode it first"
            )
            raise BadInputError(message)
    if coherence.shape != phase.shape:
        message = f"coherence has shape {coherence.shape}, the phase {phase.shape}: give one window"
        raise BadInputError(message)
    names = [field.name for field in fields]
    if not names or len(set(names)) < len(names):
        message = f"fields of air are {names}: give at least one, each once"
        raise BadInputError(message)
    for field in fields:
        if field.values.shape != phase.shape:
            message = (
                f"{field.name} has shape {field.values.shape}, the phase {phase.shape}: they lie "
                "on different grids; give the field on the grid of the pair"
            )
            raise BadInputError(message)
