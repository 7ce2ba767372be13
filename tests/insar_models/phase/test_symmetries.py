"""Eight forms of a patch, the way back from each, and hashes that know twins."""

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from insar_models.phase.symmetries import (
    FORMS,
    eight_forms,
    patch_sha256,
    shape_sha256,
    turned,
    undone,
)

SMALL = arrays(np.uint8, st.tuples(st.integers(1, 6), st.integers(1, 6)))
SQUARE = st.integers(2, 6).flatmap(lambda side: arrays(np.uint8, (side, side)))
STACKS = arrays(np.uint8, (3, 4, 4))


@given(patch=SMALL, turns=st.integers(-9, 9), mirrored=st.booleans())
def test_what_is_undone_is_as_it_was(patch: NDArray[np.uint8], turns: int, mirrored: bool) -> None:
    there = turned(patch, turns, mirrored=mirrored)

    np.testing.assert_array_equal(undone(there, turns, mirrored=mirrored), patch)
    back = turned(undone(patch, turns, mirrored=mirrored), turns, mirrored=mirrored)
    np.testing.assert_array_equal(back, patch)


def test_a_turn_is_counter_clockwise_and_after_the_mirror() -> None:
    patch = np.array([[1, 2], [3, 4]], dtype=np.uint8)

    assert turned(patch, 1).tolist() == [[2, 4], [1, 3]]
    assert turned(patch, 0, mirrored=True).tolist() == [[2, 1], [4, 3]]
    assert turned(patch, 1, mirrored=True).tolist() == [[1, 3], [2, 4]]


def test_the_eight_forms_differ_and_begin_with_the_patch() -> None:
    patch = np.arange(9, dtype=np.uint8).reshape(3, 3)
    forms = eight_forms(patch)

    assert len({form.tobytes() for form in forms}) == len(FORMS) == 8
    np.testing.assert_array_equal(forms[0], patch)


@given(stack=STACKS, form=st.sampled_from(FORMS))
def test_a_stack_is_turned_patch_by_patch(stack: NDArray[np.uint8], form: tuple[int, bool]) -> None:
    turns, mirrored = form
    together = turned(stack, turns, mirrored=mirrored)

    for one, patch in zip(together, stack, strict=True):
        np.testing.assert_array_equal(one, turned(patch, turns, mirrored=mirrored))


def test_the_hash_is_of_the_bytes_row_by_row_also_of_a_view() -> None:
    patch = np.arange(12, dtype=np.uint8).reshape(3, 4)

    assert patch_sha256(patch) == hashlib.sha256(bytes(range(12))).hexdigest()
    assert patch_sha256(patch.T) == patch_sha256(patch.T.copy()) != patch_sha256(patch)


@given(patch=SQUARE)
def test_all_forms_have_one_shape(patch: NDArray[np.uint8]) -> None:
    assert {shape_sha256(form) for form in eight_forms(patch)} == {shape_sha256(patch)}


@given(one=SQUARE, other=SQUARE, step=st.integers(1, 255))
def test_only_twins_have_one_shape(
    one: NDArray[np.uint8], other: NDArray[np.uint8], step: int
) -> None:
    twins = any(np.array_equal(form, other) for form in eight_forms(one))
    assert (shape_sha256(one) == shape_sha256(other)) == twins
    changed = one.copy()
    changed[0, 0] ^= np.uint8(step)
    # One pixel more or less of one value: no turn brings that about.
    assert shape_sha256(changed) != shape_sha256(one)


@pytest.mark.parametrize("form", FORMS)
def test_a_patch_of_real_size(form: tuple[int, bool]) -> None:
    patch = np.random.default_rng(5).integers(0, 256, (224, 224), dtype=np.uint8)
    twin = turned(patch, form[0], mirrored=form[1])

    assert shape_sha256(twin) == shape_sha256(patch)
