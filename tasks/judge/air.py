"""Fields that layered air may follow in the pairs of a cube, and pairs less what was found of them.

The cube keeps the phase as it came and the ledger what was found in it, some hundred bytes a pair:
to take it away again costs a millisecond or two, a hundredth of a score, and a second copy of the
phase would be as large as the cube.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import dask.array as da
import numpy as np
import xarray as xr
from numpy.typing import NDArray

from catalogs.cubes.delays import DELAYS, delay_hashes, read_delay
from catalogs.cubes.layers import hash_of, read_layer
from catalogs.ledger.rows import FittedField, PairAir
from catalogs.records import DatePair, FrameRaster
from catalogs.settings import Settings
from catalogs.storage.place import Place
from insar_models.air import AirField, delay_field, heights_field, remove_air, take_multiples
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
    """What the air of a cube's pairs may follow, as far as it is known; use `read_air`."""

    place: Place
    """Of the cube."""
    asked: tuple[str, ...]
    """Names of fields, the most trusted first, as the settings have them."""
    heights: KnownField | None
    delays: Mapping[str, Mapping[dt.date, str]]
    """Of each weather model the hash of the delay of each date that the cube holds."""

    def hashes(self, pair: DatePair) -> dict[str, str]:
        """Hashes of the fields that a pair has, in their order; reads nothing."""
        found = {}
        for name in self.asked:
            if name == HEIGHTS and self.heights is not None:
                found[name] = self.heights.sha256
            elif not self._dates_lacking(name, pair) and name != HEIGHTS:
                both = [self.delays[name][date] for date in (pair.primary, pair.secondary)]
                found[name] = hashlib.sha256(" ".join(both).encode()).hexdigest()
        return found

    def fields(self, pair: DatePair) -> tuple[KnownField, ...]:
        """The fields of a pair, in their order; none where nothing is known.

        Raises
        ------
        StoreError
            If a delay does not decode.
        """
        return tuple(self._field(name, pair, sha) for name, sha in self.hashes(pair).items())

    def made_from(self, pair: DatePair) -> str:
        """Hash of all that the correction of a pair depends on, beside the bytes of the pair."""
        text = json.dumps([CORRECTING, list(self.asked), list(self.hashes(pair).items())])
        return hashlib.sha256(text.encode()).hexdigest()

    def lacking(self, pair: DatePair) -> tuple[str, ...]:
        """What was asked for and is not there, for a person."""
        said = []
        for name in self.asked:
            if name == HEIGHTS and self.heights is None:
                said.append(f"{name}: the frame has none")
            elif name != HEIGHTS and (dates := self._dates_lacking(name, pair)):
                said.append(f"{name}: no delay of {' and '.join(map(str, dates))}")
        return tuple(said)

    def _dates_lacking(self, name: str, pair: DatePair) -> list[dt.date]:
        there = self.delays.get(name, {})
        return [date for date in (pair.primary, pair.secondary) if date not in there]

    def _field(self, name: str, pair: DatePair, sha256: str) -> KnownField:
        if name == HEIGHTS and self.heights is not None:
            return self.heights
        primary, secondary = (
            read_delay(self.place, DELAYS[name], date) for date in (pair.primary, pair.secondary)
        )
        return KnownField(delay_field(name, primary, secondary), sha256)


def read_air(place: Place, cube: xr.Dataset, settings: Settings) -> CubeAir:
    """Return what the open cube at `place` knows of fields that the settings ask for.

    Raises
    ------
    StoreError
        If the heights do not decode.
    """
    heights_m = read_layer(cube, FrameRaster.HEIGHT) if HEIGHTS in settings.air else None
    heights = None
    if heights_m is not None:
        heights = KnownField(heights_field(heights_m), hash_of(heights_m))
    asked: tuple[str, ...] = settings.air
    delays = {name: delay_hashes(place, DELAYS[name]) for name in asked if name in DELAYS}
    return CubeAir(place, asked, heights, delays)


def find_air(
    phase: NDArray[np.uint8], coherence: NDArray[np.uint8], pair: DatePair, known: CubeAir
) -> PairAir:
    """Return what of a pair is air, as the ledger keeps it.

    Parameters
    ----------
    phase, coherence
        Bytes of the pair's window, shape (H, W), 0 = no data.
    pair
        Which; one or more of its fields are known.
    known
        Of the cube.
    """
    fields = known.fields(pair)
    found = remove_air(phase, coherence, [known.field for known in fields])
    fits = tuple(_fitted(fit, known.sha256) for fit, known in zip(found.fits, fields, strict=True))
    return PairAir(known.made_from(pair), fits, _share(found), known.lacking(pair))


def corrected_codes(
    phase: NDArray[np.uint8], air: PairAir | None, known: CubeAir, pair: DatePair
) -> NDArray[np.uint8]:
    """Return phase bytes less what was found in them; the same array where that is nothing.

    Parameters
    ----------
    phase
        Shape (H, W), 0 = no data, which stays.
    air
        From the ledger; None where nothing that air follows is known.
    known
        Of the cube.
    pair
        Which.
    """
    if air is None or not air.removed:
        return phase
    named = {found.field.name: found.field for found in known.fields(pair)}
    terms = [
        (named[fit.field], fit.factor)
        for fit in air.removed
        if fit.field in named and fit.factor is not None
    ]
    return take_multiples(phase, terms)


def corrected_cube(
    cube: xr.Dataset, pairs: Sequence[DatePair], air: Mapping[DatePair, PairAir], known: CubeAir
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
            corrected_codes(one, air.get(pair), known, pair)
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
