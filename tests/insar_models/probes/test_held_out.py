"""Probes that are judged on groups that they did not see."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from fringewatch.errors import BadInputError
from insar_models.detectors.linear import LinearWeights
from insar_models.judging.metrics import auroc
from insar_models.probes.held_out import fit_probe_of_seed, judge_held_out_groups
from insar_models.probes.probe import ProbeSettings, fit_weights

Labels = NDArray[np.int64]
Features = NDArray[np.float64]


def train(features: Features, labels: Labels, seed: int) -> LinearWeights:
    return fit_weights(features, labels, ProbeSettings())


def samples(skill: float, places: int = 8, each: int = 30) -> tuple[Features, Labels, Any]:
    """Places of which half hold deformation, some of it, and a feature by which each is known."""
    rng = np.random.default_rng(2)
    place = np.repeat(np.arange(places), each)
    labels = ((place % 2 == 0) & (rng.random(place.size) < 0.5)).astype(np.int64)
    features = rng.normal(size=(place.size, 3 + places))
    features[:, 0] += skill * labels
    features[np.arange(place.size), 3 + place] += 20.0
    return features, labels, tuple(f"place {number}" for number in place)


def test_a_real_signal_is_seen_in_places_that_were_not() -> None:
    features, labels, groups = samples(skill=4.0)
    found = judge_held_out_groups(features, labels, groups, train, 0)
    assert auroc(labels, found.scores) > 0.9
    assert found.probabilities[labels == 1].mean() > 0.5 > found.probabilities[labels == 0].mean()
    quiet = (found.scores[labels == 0] >= 0.0).mean()
    assert quiet == pytest.approx(0.1, abs=0.1)


def test_knowing_the_place_is_worth_nothing() -> None:
    features, labels, groups = samples(skill=0.0)
    by_place = train(features, labels, 0).logits(features)
    found = judge_held_out_groups(features, labels, groups, train, 0)
    assert auroc(labels, by_place) > 0.75
    assert auroc(labels, found.scores) < 0.65
    # No better than chance is a result: the probabilities are then the labels' share.
    assert np.ptp(found.probabilities) < 0.5


def test_no_probe_sees_the_group_that_it_judges() -> None:
    features, labels, groups = samples(skill=1.0)
    place = np.array([int(name.split()[1]) for name in groups])
    trained_on: list[set[int]] = []

    def spy(some: Features, their_labels: Labels, seed: int) -> LinearWeights:
        trained_on.append(set((some[:, 3:].argmax(axis=1)).tolist()))
        return train(some, their_labels, seed)

    found = judge_held_out_groups(features, labels, groups, spy, 0)

    calls = len(trained_on) // (found.fold.max() + 1)
    for number in range(found.fold.max() + 1):
        judged = set(place[found.fold == number].tolist())
        of_fold = trained_on[number * calls : (number + 1) * calls]
        assert of_fold
        assert all(not seen & judged for seen in of_fold)
        assert set().union(*of_fold)
    for name in set(groups):
        assert len({found.fold[at] for at, own in enumerate(groups) if own == name}) == 1


def test_the_scores_of_a_fold_do_not_depend_on_its_labels() -> None:
    features, labels, groups = samples(skill=2.0, places=8)
    first = judge_held_out_groups(features, labels, groups, train, 0)
    chosen = first.fold == 0
    place = np.array(groups)
    mixed = chosen & np.isin(place, place[labels == 1])
    flipped = labels.copy()
    flipped[np.flatnonzero(mixed & (labels == 0))[:2]] = 1
    flipped[np.flatnonzero(mixed & (labels == 1))[:2]] = 0
    second = judge_held_out_groups(features, flipped, groups, train, 0)
    assert (first.fold == second.fold).all()
    assert (first.scores[chosen] == second.scores[chosen]).all()
    assert (first.probabilities[chosen] == second.probabilities[chosen]).all()


def test_a_seed_draws_quiet_places_and_the_same_seed_the_same() -> None:
    features, labels, groups = samples(skill=2.0)
    one, again, other = (
        fit_probe_of_seed(features, labels, groups, train, seed) for seed in (1, 1, 2)
    )
    assert (one.weights.coefficients == again.weights.coefficients).all()
    assert one.threshold == again.threshold
    assert (one.weights.coefficients != other.weights.coefficients).any()


def test_a_probe_worse_than_chance_has_a_flat_calibration() -> None:
    features, labels, groups = samples(skill=2.0)

    def against(some: Features, their_labels: Labels, seed: int) -> LinearWeights:
        return train(some, 1 - their_labels, seed)

    probe = fit_probe_of_seed(features, labels, groups, against, 0)

    assert probe.calibration.slope == 0.0
    said = probe.calibration.probabilities(np.array([-50.0, 0.0, 50.0]))
    assert said == pytest.approx(probe.calibration.prior)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("label", "2"),
        ("feature", "not finite"),
        ("length", "one row, one label"),
        ("places", "deforming samples come from 2 groups: three are needed"),
        ("class", "deforming"),
    ],
)
def test_samples_that_cannot_be_judged(change: str, message: str) -> None:
    features, labels, groups = samples(skill=2.0)
    if change == "label":
        labels[0] = 2
    elif change == "feature":
        features[3, 1] = np.nan
    elif change == "length":
        groups = groups[1:]
    elif change == "places":
        labels[60:] = np.where(np.arange(60, 240) >= 120, 0, labels[60:])
    else:
        labels[:] = 0
    with pytest.raises(BadInputError, match=message):
        judge_held_out_groups(features, labels, groups, train, 0)
