"""Folds keep groups whole."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fringewatch.errors import BadInputError
from insar_models.probes.group_folds import assign_folds


@given(
    places=st.lists(st.tuples(st.integers(1, 9), st.integers(1, 30)), min_size=2, max_size=8),
    quiet=st.lists(st.integers(1, 40), max_size=10),
    data=st.data(),
)
def test_no_group_is_on_both_sides_and_every_fold_can_be_learned_from(
    places: list[tuple[int, int]], quiet: list[int], data: st.DataObject
) -> None:
    counts = places + [(0, number) for number in quiet]
    labels = np.concatenate([np.repeat([1, 0], pair) for pair in counts])
    groups = tuple(f"g{k}" for k, pair in enumerate(counts) for _ in range(sum(pair)))
    order = data.draw(st.permutations(range(len(labels))))
    labels, groups = labels[order], tuple(groups[k] for k in order)
    folds = data.draw(st.integers(2, len(places)))
    fold = assign_folds(labels, groups, folds)
    assert set(fold.tolist()) == set(range(folds))
    for name in set(groups):
        assert len({int(f) for f, g in zip(fold, groups, strict=True) if g == name}) == 1
    for number in range(folds):
        assert labels[fold == number].any()
        assert set(labels[fold != number].tolist()) == {0, 1}


def test_the_order_of_the_samples_does_not_matter() -> None:
    labels = np.array([1, 0, 1, 0, 0, 1, 0])
    groups = ("a", "a", "b", "c", "c", "d", "e")
    turned = assign_folds(labels[::-1], groups[::-1], 2)[::-1]
    np.testing.assert_array_equal(assign_folds(labels, groups, 2), turned)


def test_quiet_samples_of_one_fold_only_are_refused() -> None:
    labels = np.array([1, 1, 0, 0])
    with pytest.raises(BadInputError, match="further places"):
        assign_folds(labels, ("a", "b", "a", "a"), 2)
