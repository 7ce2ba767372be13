"""Chains of pairs: which are made, along which paths, and what their phase is."""

import datetime as dt
import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from fringewatch.errors import BadInputError
from insar_models.chains import ChainPlan, chain_product, plan_chains
from insar_models.phase.codes import decode_phase, encode_phase, wrap
from tests.docs.blocks import blocks

START = dt.date(2020, 1, 1)
SHAPE = (9, 7)

Dates = tuple[dt.date, dt.date]
Tile = tuple[NDArray[np.uint8], NDArray[np.uint8]]


def pair(first: int, last: int) -> Dates:
    return START + dt.timedelta(first), START + dt.timedelta(last)


def every_path(pairs: list[Dates], start: dt.date, end: dt.date) -> list[tuple[Dates, ...]]:
    """All paths forward in time, by trying every set of pairs."""
    found = []
    for count in range(1, len(pairs) + 1):
        for some in itertools.combinations(sorted(pairs), count):
            joints = all(a[1] == b[0] for a, b in itertools.pairwise(some))
            if joints and some[0][0] == start and some[-1][1] == end:
                found.append(some)
    return found


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.tuples(st.integers(0, 5), st.integers(1, 3)).map(
            lambda one: pair(12 * one[0], 12 * (one[0] + one[1]))
        ),
        st.floats(0.05, 1.0),
        min_size=1,
        max_size=9,
    )
)
def test_the_first_path_is_the_most_coherent_of_all(coherence: dict[Dates, float]) -> None:
    ends = sorted({late for _, late in coherence})
    plans = plan_chains(coherence, ends, (24, 48, 60))
    for plan in plans:
        paths = every_path(list(coherence), plan.primary, plan.secondary)
        best = max(math.prod(coherence[p] for p in path) for path in paths)
        assert math.prod(coherence[p] for p in plan.paths[0]) == pytest.approx(best)
        assert len(set(plan.pairs)) == sum(len(path) for path in plan.paths)
        assert all(path in paths for path in plan.paths)
        assert (plan.primary, plan.secondary) not in coherence
    # Whatever could be had is there: a date that leads to the end, near enough, without a pair.
    for end, span in itertools.product(ends, (24, 48, 60)):
        near = {
            start
            for start, _ in coherence
            if abs((end - start).days - span) <= 0.25 * span
            and every_path(list(coherence), start, end)
        }
        closest = min(near, key=lambda s: (abs((end - s).days - span), s), default=None)
        made = any(p.primary == closest and p.secondary == end for p in plans)
        assert made == (closest is not None and (closest, end) not in coherence)


def test_chains_rest_on_nothing_that_ends_later() -> None:
    coherence = {pair(6 * k, 6 * (k + s)): 0.5 + 0.01 * s for k in range(12) for s in (1, 2, 3)}
    end = START + dt.timedelta(48)
    known = {dates: value for dates, value in coherence.items() if dates[1] <= end}
    assert plan_chains(coherence, [end], (24, 48)) == plan_chains(known, [end], (24, 48))


def test_a_gap_makes_no_chain_and_bad_input_is_refused() -> None:
    apart = {pair(0, 12): 0.5, pair(24, 36): 0.5}
    assert plan_chains(apart, [START + dt.timedelta(36)], (36,)) == ()
    assert plan_chains({}, [START], (48,)) == ()
    with pytest.raises(BadInputError, match="spans of 1 day or more"):
        plan_chains(apart, [], (0,))
    with pytest.raises(BadInputError, match="older one"):
        plan_chains({(START, START): 0.5}, [], (24,))


def field(seed: int) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(0.0, 4.0, SHAPE)


def tile(phase: NDArray[np.float64], coherence: int = 200) -> Tile:
    codes = encode_phase(wrap(np.where(phase == 0, 1e-9, phase)))
    return codes, np.where(codes > 0, np.uint8(coherence), np.uint8(0))


def test_a_chain_has_the_phase_of_its_dates_and_the_worth_of_its_worst_pair() -> None:
    dates = {day: field(day) for day in (0, 12, 24, 36)}
    tiles = {
        pair(a, b): tile(dates[b] - dates[a], 100 + a) for a, b in ((0, 12), (12, 24), (24, 36))
    }
    plan = ChainPlan(*pair(0, 36), (tuple(sorted(tiles)),))
    chain = chain_product(plan, tiles)
    left = wrap(decode_phase(chain.phase) - (dates[36] - dates[0]))
    assert np.abs(left).max() < 3 * 0.0125  # three bytes were rounded
    assert (chain.coherence == 100).all()
    assert math.isnan(chain.agreement)


def test_paths_are_averaged_as_phasors_and_where_they_disagree_there_is_no_data() -> None:
    dates = {day: field(day) for day in (0, 12, 24)}
    noise = np.zeros(SHAPE)
    noise[0] = 0.6
    noise[1, :3] = 2.8  # more than 120 degrees
    one = {pair(0, 12): tile(dates[12] - dates[0]), pair(12, 24): tile(dates[24] - dates[12])}
    other = {pair(0, 6): tile(noise), pair(6, 24): tile(dates[24] - dates[0], 90)}
    lost = other[pair(6, 24)]
    lost[0][5, 5], lost[1][5, 5] = 0, 0
    plan = ChainPlan(*pair(0, 24), (tuple(sorted(one)), tuple(sorted(other))))
    chain = chain_product(plan, one | other)
    expected = dates[24] - dates[0]
    expected[0] += 0.3
    good = np.ones(SHAPE, dtype=np.bool_)
    good[1, :3] = False
    assert np.array_equal(chain.phase != 0, good)
    assert np.array_equal(chain.coherence > 0, good)
    assert np.abs(wrap(decode_phase(chain.phase) - expected))[good].max() < 0.04
    assert chain.bad_share == pytest.approx(3 / (SHAPE[0] * SHAPE[1] - 1))
    assert 0.9 < chain.agreement < 1


def test_pairs_that_do_not_fit_are_refused() -> None:
    plan = ChainPlan(*pair(0, 24), ((pair(0, 12), pair(12, 24)),))
    first = tile(field(1))
    with pytest.raises(BadInputError, match="2020-01-13_2020-01-25 is not there"):
        chain_product(plan, {pair(0, 12): first})
    small = (first[0][1:], first[1][1:])
    with pytest.raises(BadInputError, match="give one window"):
        chain_product(plan, {pair(0, 12): first, pair(12, 24): small})


def test_the_code_of_the_page_runs_as_written() -> None:
    (block,) = (b for b in blocks() if b.page == "docs/chains.md" and b.language == "python")
    days = [pair(12 * k, 12 * k + 12) for k in range(8)]
    tiles = {dates: tile(field(k)) for k, dates in enumerate(days)}
    names: dict[str, object] = {
        "mean_coherence": dict.fromkeys(days, 0.5), "tiles": tiles, "newest": days[-1][1],
    }  # fmt: skip
    exec(compile(block.text, block.name, "exec"), names)  # noqa: S102 - our own page
    assert "chain" in names
