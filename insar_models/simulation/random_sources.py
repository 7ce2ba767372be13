"""Volcanic sources drawn at random: what a detector learns from, and is tried on.

The ranges begin with those of Gaddes et al.'s SyInterferoPy (a dyke of 75 to 89 degrees, its top
above 2 km, 0.1 to 0.7 m wide; a sill at 1.5 to 3.5 km; a point of 2 to 3 million cubic metres at 1
to 4 km) and are widened to small and to deep sources, which are the ones that are overlooked.
"""

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, TypeAlias

import numpy as np

from fringewatch.checked_fields import CheckedRecord, Limits, Share
from fringewatch.errors import BadInputError
from insar_models.simulation.sources import Dyke, Mogi, Rectangle, Sill, Source

Span: TypeAlias = tuple[float, float]
"""Least and greatest value."""
_Sizes = Annotated[Span, Limits(0.0, meaning="a size", above_low=True)]
_Dips = Annotated[Span, Limits(0.0, 90.0, "degrees from the horizontal")]


class SourceKind(StrEnum):
    """Of a volcanic source."""

    MOGI = "mogi"
    SILL = "sill"
    DYKE = "dyke"


@dataclass(frozen=True)
class SourceRanges(CheckedRecord):
    """Between which two values each number is drawn.

    Dips evenly; all others, which are sizes, evenly in their logarithm.
    """

    mogi_depth_m: _Sizes = (600.0, 12_000.0)
    mogi_volume_m3: _Sizes = (1e5, 3e7)
    sill_depth_m: _Sizes = (800.0, 8_000.0)
    sill_side_m: _Sizes = (500.0, 8_000.0)
    """Length and width, each on its own."""
    sill_opening_m: _Sizes = (0.05, 1.0)
    sill_dip_degrees: _Dips = (0.0, 10.0)
    dyke_top_m: _Sizes = (100.0, 4_000.0)
    dyke_height_m: _Sizes = (300.0, 6_000.0)
    dyke_length_m: _Sizes = (500.0, 12_000.0)
    dyke_opening_m: _Sizes = (0.05, 2.0)
    dyke_dip_degrees: _Dips = (70.0, 90.0)
    deflating_share: Share = 0.0
    """Probability that the source shrinks or closes."""


DEFAULT_RANGES = SourceRanges()


def random_source(
    kind: str,
    generator: np.random.Generator,
    place: tuple[float, float] = (0.0, 0.0),
    ranges: SourceRanges = DEFAULT_RANGES,
) -> Source:
    """A source of a kind, with all its numbers drawn anew.

    Parameters
    ----------
    kind
        One of `SourceKind`.
    generator
        Draws the numbers; always the same count for a kind, so that ranges can be compared.
    place
        Longitude and latitude above the source, degrees.
    ranges
        Of the numbers. The strike can be any.

    Raises
    ------
    BadInputError
        If the kind is unknown, or the place is none.

    Examples
    --------
    >>> random_source("mogi", np.random.default_rng(1), (-22.3, 63.9)).latitude
    63.9
    """
    if kind not in tuple(SourceKind):
        message = f"there is no source of kind {kind!r}: choose one of {', '.join(SourceKind)}"
        raise BadInputError(message)
    sign = -1.0 if generator.random() < ranges.deflating_share else 1.0
    if kind == SourceKind.MOGI:
        depth_m = _size(ranges.mogi_depth_m, generator)
        return Mogi(*place, depth_m, sign * _size(ranges.mogi_volume_m3, generator))
    strike_degrees = float(generator.uniform(0.0, 360.0))
    if kind == SourceKind.SILL:
        return _random_sill(place, strike_degrees, sign, generator, ranges)
    return _random_dyke(place, strike_degrees, sign, generator, ranges)


def _random_sill(
    place: tuple[float, float],
    strike_degrees: float,
    sign: float,
    generator: np.random.Generator,
    ranges: SourceRanges,
) -> Rectangle:
    """A sill below a place, all its numbers drawn."""
    depth_m = _size(ranges.sill_depth_m, generator)
    length_m = _size(ranges.sill_side_m, generator)
    width_m = _size(ranges.sill_side_m, generator)
    opening_m = sign * _size(ranges.sill_opening_m, generator)
    dip_degrees = float(generator.uniform(*ranges.sill_dip_degrees))
    # A wide and steep sill would come out of the ground: it is laid flatter.
    steepest = math.degrees(math.asin(min(1.0, depth_m / width_m)))
    dip_degrees = min(dip_degrees, steepest)
    sheet = Sill(*place, depth_m, length_m, width_m, opening_m, strike_degrees, dip_degrees)
    return sheet.rectangle()


def _random_dyke(
    place: tuple[float, float],
    strike_degrees: float,
    sign: float,
    generator: np.random.Generator,
    ranges: SourceRanges,
) -> Rectangle:
    """A dyke below a place, all its numbers drawn."""
    top_m = _size(ranges.dyke_top_m, generator)
    bottom_m = top_m + _size(ranges.dyke_height_m, generator)
    length_m = _size(ranges.dyke_length_m, generator)
    opening_m = sign * _size(ranges.dyke_opening_m, generator)
    dip_degrees = float(generator.uniform(*ranges.dyke_dip_degrees))
    sheet = Dyke(*place, top_m, bottom_m, strike_degrees, length_m, opening_m, dip_degrees)
    return sheet.rectangle()


def _size(span: Span, generator: np.random.Generator) -> float:
    low, high = span
    drawn = math.exp(generator.uniform(math.log(low), math.log(high)))
    return min(max(drawn, low), high)  # the logarithm and back rounds
