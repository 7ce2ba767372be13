"""Fields that layered air may follow in the pairs of a cube, and pairs less what was found of them.

The cube keeps the phase as it came and the ledger what was found in it, some hundred bytes a pair:
to take it away again costs a millisecond or two, a hundredth of a score, and a second copy of the
phase would be as large as the cube.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import dask.array as da
import numpy as np
import xarray as xr
from numpy.typing import NDArray

from catalogs.cubes.layers import read_layer
from catalogs.ledger.rows import FittedField, PairAir
from catalogs.records import DatePair, FrameRaster
from catalogs.settings import Settings
from insar_models.air import AirField, heights_field, remove_air, take_multiples
from insar_models.air.stratified import AirCorrection, FieldFit, FitOutcome

CORRECTING: Final = 1
"""Raised by one whenever the same pair and fields would be corrected otherwise."""

HEIGHTS: Final = "heights"

_DIGITS: Final = 6
"""Of a factor: a millionth of a radian for each kilometre is nothing, and a ledger is read."""


@dataclass(frozen=True, eq=False)
class KnownField:
    """A field on a cube's window, and the hash of its values."""

    field: AirField
    sha256: str


@dataclass(frozen=True, eq=False)
class CubeAir:
    """What the air of a cube's pairs may follow, as far as it is known."""

    asked: tuple[str, ...]
    """Names of fields, the most trusted first, as the settings have them."""
    heights: KnownField | None

    def fields(self, pair: DatePair) -> tuple[KnownField, ...]:  # noqa: ARG002 - heights stay
        """The fields of a pair, in their order; none where nothing is known."""
        return (self.heights,) if self.heights and HEIGHTS in self.asked else ()

    def made_from(self, pair: DatePair) -> str:
        """Hash of all that the correction of a pair depends on, beside the bytes of the pair."""
        found = [[known.field.name, known.sha256] for known in self.fields(pair)]
        text = json.dumps([CORRECTING, list(self.asked), found])
        return hashlib.sha256(text.encode()).hexdigest()


def read_air(cube: xr.Dataset, settings: Settings) -> CubeAir:
    """Return what an open cube knows of fields that the settings ask for.

    Raises
    ------
    StoreError
        If the heights do not decode.
    """
    heights_m = read_layer(cube, FrameRaster.HEIGHT) if HEIGHTS in settings.air else None
    heights = None
    if heights_m is not None:
        heights = KnownField(heights_field(heights_m), _sha256(heights_m))
    return CubeAir(settings.air, heights)


def find_air(
    phase: NDArray[np.uint8],
    coherence: NDArray[np.uint8],
    fields: Sequence[KnownField],
    made_from: str,
) -> PairAir:
    """Return what of a pair is air, as the ledger keeps it.

    Parameters
    ----------
    phase, coherence
        Bytes of the pair's window, shape (H, W), 0 = no data.
    fields
        One or more, on the same window.
    made_from
        Of `CubeAir.made_from`.
    """
    found = remove_air(phase, coherence, [known.field for known in fields])
    fits = tuple(_fitted(fit, known.sha256) for fit, known in zip(found.fits, fields, strict=True))
    return PairAir(made_from, fits, _share(found))


def corrected_codes(
    phase: NDArray[np.uint8], air: PairAir | None, fields: Sequence[KnownField]
) -> NDArray[np.uint8]:
    """Return phase bytes less what was found in them; the same array where that is nothing.

    Parameters
    ----------
    phase
        Shape (H, W), 0 = no data, which stays.
    air
        From the ledger; None where nothing that air follows is known.
    fields
        Of the pair.
    """
    if air is None or not air.removed:
        return phase
    named = {known.field.name: known.field for known in fields}
    terms = [
        (named[fit.field], fit.factor)
        for fit in air.removed
        if fit.field in named and fit.factor is not None
    ]
    return take_multiples(phase, terms)


def corrected_cube(
    cube: xr.Dataset,
    pairs: Sequence[DatePair],
    air: Mapping[DatePair, PairAir],
    known: CubeAir,
) -> xr.Dataset:
    """Return some pairs of a cube less their air, and the rest of the cube as it is.

    Parameters
    ----------
    cube
        Bytes, one chunk a pair; read at once where something is to be taken away.
    pairs
        Of the cube, in its order.
    air
        What was found in each; a pair that is not there stays as it came.
    known
        Of the whole cube.
    """
    if not any(pair in air and air[pair].removed for pair in pairs):
        return cube
    phase = cube["phase"].to_numpy()
    codes = np.stack(
        [
            corrected_codes(one, air.get(pair), known.fields(pair))
            for one, pair in zip(phase, pairs, strict=True)
        ]
    )
    lazy = da.from_array(codes, chunks=(1, *codes.shape[1:]))
    return cube.assign(phase=(cube["phase"].dims, lazy))


def words_of(air: PairAir | None) -> str | None:
    """Return what was done about the air of a pair, for a person; None where nothing is known."""
    if air is None:
        return None
    said = [f"{fit.field}: {fit.outcome}" for fit in air.fits]
    return "; ".join([*said, *air.lacking])


def rad_per_km(air: PairAir | None) -> float:
    """Return what was taken away along the heights; 0 if nothing, NaN where those are not known."""
    for fit in air.fits if air else ():
        if fit.field == HEIGHTS:
            return fit.factor if fit.is_removed and fit.factor is not None else 0.0
    return float("nan")


def _fitted(fit: FieldFit, sha256: str) -> FittedField:
    factor, deviation = (
        round(number, _DIGITS) if np.isfinite(number) else None
        for number in (fit.factor, fit.deviation)
    )
    is_removed = fit.outcome is FitOutcome.REMOVED
    return FittedField(
        fit.field, sha256, fit.outcome.value, factor, deviation, fit.unit, is_removed
    )


def _share(found: AirCorrection) -> float:
    return round(found.share_explained, _DIGITS) if found.is_changed else 0.0


def _sha256(values: NDArray[Any]) -> str:
    return hashlib.sha256(np.ascontiguousarray(values, dtype="<f4").tobytes()).hexdigest()
