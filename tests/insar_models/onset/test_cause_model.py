"""The causes of a handful of pairs, against all combinations and by hand."""

from itertools import product

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import logsumexp

from insar_models.onset.cause_model import CauseModel
from insar_models.onset.deconvolution import Deconvolution
from insar_models.onset.pair_window import PairWindow
from tests.insar_models.onset.series import pair

CAUSES = 4


def some_model(seed: int) -> CauseModel:
    draw = np.random.default_rng(seed)
    positive = draw.uniform(0.05, 0.95, 6)
    return CauseModel(
        touches=draw.uniform(0, 0.9, (6, CAUSES)) * draw.integers(0, 2, (6, CAUSES)),
        penalty=draw.uniform(-1, 4, CAUSES),
        coupling=draw.uniform(0, 2, CAUSES - 1),
        likelihood_positive=positive,
        likelihood_negative=1 - positive,
        false_positive=0.05,
    )


def by_hand(model: CauseModel, present: tuple[int, ...]) -> float:
    total = 0.0
    for row, yes, no in zip(
        model.touches, model.likelihood_positive, model.likelihood_negative, strict=True
    ):
        negative = 0.95
        for touch, there in zip(row, present, strict=True):
            negative *= 1 - touch * there
        total += float(np.log((1 - negative) * yes + negative * no))
    total -= sum(float(p) * there for p, there in zip(model.penalty, present, strict=True))
    for k, gain in enumerate(model.coupling.tolist()):
        total += gain * present[k] * present[k + 1]
    return total


@given(seed=st.integers(0, 10_000))
def test_a_hypothesis_about_all_causes_is_what_the_formula_says(seed: int) -> None:
    model = some_model(seed)
    every = list(product((0, 1), repeat=CAUSES))
    found = model.log_evidence(np.array(every, dtype=np.int8))
    np.testing.assert_allclose(found, [by_hand(model, present) for present in every])


@given(seed=st.integers(0, 10_000), first=st.sampled_from([-1, 0, 1]))
def test_free_causes_are_found_and_nothing_is_counted_twice(seed: int, first: int) -> None:
    model = some_model(seed)
    given_causes = np.array([[first, -1, -1, -1]], dtype=np.int8)
    every = [
        by_hand(model, present)
        for present in product((0, 1), repeat=CAUSES)
        if first in {-1, present[0]}
    ]
    (found,) = model.log_evidence(given_causes)
    assert found <= logsumexp(every) + 1e-9
    start = by_hand(model, (max(first, 0), 0, 0, 0))
    single = [by_hand(model, (max(first, 0), *row)) for row in np.eye(3, dtype=int).tolist()]
    assert found >= max(start, *single) - 1e-9


def test_the_prior_of_intervals_is_that_of_a_markov_chain() -> None:
    method = Deconvolution(activity_prior=0.1, persistence=0.6)
    penalty, coupling = method._chain(np.ones(3))
    stays = {(0, 0): 0.9, (0, 1): 0.1, (1, 0): 0.4, (1, 1): 0.6}

    def log_chain(chain: tuple[int, ...]) -> float:
        first = 0.1 if chain[0] else 0.9
        return float(np.log(first * stays[chain[:2]] * stays[chain[1:]]))  # type: ignore[index]

    for chain in product((0, 1), repeat=3):
        x = np.array(chain)
        found = -penalty @ x + coupling @ (x[:-1] * x[1:])
        np.testing.assert_allclose(found, log_chain(chain) - log_chain((0, 0, 0)))


def test_intervals_lie_between_dates_and_the_past_is_one() -> None:
    window = PairWindow.of([pair(k, k + 12, positive=False) for k in (0, 6, 12, 18)])
    zero = window.primary[0]
    days = window.intervals(0) - zero
    assert days.tolist() == [[0, 6], [6, 12], [12, 18], [18, 24], [24, 30]]
    recent = window.ending(zero + 18, zero + 24)
    assert (recent.secondary - zero).tolist() == [24]
    assert (window.intervals(zero + 15) - zero).tolist() == [[0, 18], [18, 24], [24, 30]]
    overlap = window.overlap_days(np.array([zero + 3]), np.array([zero + 9]))
    assert overlap[:, 0].tolist() == [6, 3, 0, 0]


def test_the_air_of_a_day_is_each_frames_own() -> None:
    both = [pair(0, 6, positive=True), pair(0, 6, positive=True, frame="D")]
    assert PairWindow.of(both).acquisitions(0).tolist() == [
        [True, True, False, False],
        [False, False, True, True],
    ]
    after = PairWindow.of(both).primary[0]
    assert PairWindow.of(both).acquisitions(after).shape == (2, 2)
