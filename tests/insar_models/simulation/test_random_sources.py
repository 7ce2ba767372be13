import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fringewatch.errors import BadInputError
from insar_models.simulation.random_sources import SourceKind, SourceRanges, random_source
from insar_models.simulation.sources import Mogi, Rectangle, Source

RANGES = SourceRanges()
PLACE = (-22.3, 63.9)
kinds = st.sampled_from(list(SourceKind))
seeds = st.integers(0, 2**32)


def _drawn(kind: str, count: int, ranges: SourceRanges = RANGES) -> list[Source]:
    generator = np.random.default_rng(3)
    return [random_source(kind, generator, PLACE, ranges) for _ in range(count)]


def _between(value: float, span: tuple[float, float]) -> bool:
    return span[0] - 1e-9 <= value <= span[1] + 1e-9


@given(kinds, seeds)
def test_the_same_seed_draws_the_same_source(kind: SourceKind, seed: int) -> None:
    first, second = (random_source(kind, np.random.default_rng(seed), PLACE) for _ in range(2))
    assert first == second
    assert first != random_source(kind, np.random.default_rng(seed + 1), PLACE)


def test_points_lie_within_their_ranges_and_at_their_place() -> None:
    for source in _drawn("mogi", 300):
        assert isinstance(source, Mogi)
        assert (source.longitude, source.latitude) == PLACE
        assert _between(source.depth_m, RANGES.mogi_depth_m)
        assert _between(source.volume_m3, RANGES.mogi_volume_m3)


def test_dykes_lie_within_their_ranges() -> None:
    for source in _drawn("dyke", 300):
        assert isinstance(source, Rectangle)
        height_m = source.width_m * math.sin(math.radians(source.dip_degrees))
        assert _between(source.top_m, RANGES.dyke_top_m)
        assert _between(height_m, RANGES.dyke_height_m)
        assert _between(source.length_m, RANGES.dyke_length_m)
        assert _between(source.opening_m, RANGES.dyke_opening_m)
        assert _between(source.dip_degrees, RANGES.dyke_dip_degrees)


def test_sills_lie_within_their_ranges() -> None:
    for source in _drawn("sill", 300):
        assert isinstance(source, Rectangle)
        middle_m = source.top_m + source.width_m / 2 * math.sin(math.radians(source.dip_degrees))
        assert _between(middle_m, RANGES.sill_depth_m)
        assert _between(source.length_m, RANGES.sill_side_m)
        assert _between(source.width_m, RANGES.sill_side_m)
        assert _between(source.opening_m, RANGES.sill_opening_m)
        assert _between(source.dip_degrees, RANGES.sill_dip_degrees)


def test_sizes_are_drawn_evenly_in_the_logarithm() -> None:
    volumes = [source.volume_m3 for source in _drawn("mogi", 1_000)]
    low, high = RANGES.mogi_volume_m3
    assert np.median(volumes) == pytest.approx(math.sqrt(low * high), rel=0.3)


def test_strikes_go_all_round() -> None:
    for kind in ("dyke", "sill"):
        strikes = [getattr(source, "strike_degrees", 0.0) for source in _drawn(kind, 300)]
        assert np.ptp(strikes) > 340


def test_a_wide_and_steep_sill_stays_in_the_ground() -> None:
    ranges = SourceRanges(
        sill_depth_m=(1_000.0, 1_000.0),
        sill_side_m=(8_000.0, 8_000.0),
        sill_dip_degrees=(80.0, 90.0),
    )
    for source in _drawn("sill", 20, ranges):
        assert isinstance(source, Rectangle)
        assert source.top_m > 0


@pytest.mark.parametrize("kind", list(SourceKind))
def test_a_share_of_them_deflates(kind: SourceKind) -> None:
    def deflating(share: float) -> float:
        sources = _drawn(kind, 200, SourceRanges(deflating_share=share))
        return float(np.mean([source.volume_m3 < 0 for source in sources]))

    assert deflating(0.0) == 0.0
    assert deflating(1.0) == 1.0
    assert deflating(0.5) == pytest.approx(0.5, abs=0.15)


@pytest.mark.parametrize("kind", ["volcano", "", None, "Mogi"])
def test_an_unknown_kind_is_refused_with_those_there_are(kind: Any) -> None:
    with pytest.raises(BadInputError, match=f"kind {kind!r}: choose one of mogi, sill, dyke"):
        random_source(kind, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("key", "span"),
    [
        ("mogi_depth_m", (0.0, 3_000.0)),
        ("mogi_depth_m", (4_000.0, 3_000.0)),
        ("dyke_length_m", (1.0, math.inf)),
        ("sill_dip_degrees", (-1.0, 3.0)),
        ("sill_opening_m", (math.nan, 1.0)),
        ("dyke_opening_m", 3.0),
        ("dyke_top_m", ("a", "b")),
        ("dyke_top_m", (1.0, 2.0, 3.0)),
        ("dyke_dip_degrees", (80.0, 91.0)),
    ],
)
def test_an_impossible_range_is_refused(key: str, span: Any) -> None:
    with pytest.raises(BadInputError, match=f"SourceRanges: {key}="):
        SourceRanges(**{key: span})


@pytest.mark.parametrize("share", [-0.1, 1.1, math.nan])
def test_an_impossible_share_is_refused(share: float) -> None:
    with pytest.raises(BadInputError, match=f"deflating_share={share}"):
        SourceRanges(deflating_share=share)
