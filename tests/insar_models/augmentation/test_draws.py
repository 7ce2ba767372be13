import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fringewatch.errors import BadInputError
from insar_models.augmentation.draws import Draws, Stream
from tests.insar_models.augmentation.batches import CPU, draws_for

KEYS = st.integers(0, 2**63 - 1)


@given(seed=KEYS, epoch=KEYS, rows=st.lists(KEYS, min_size=2, max_size=6), view=st.integers(0, 3))
def test_numbers_of_a_patch_do_not_depend_on_the_others(
    seed: int, epoch: int, rows: list[int], view: int
) -> None:
    together = Draws.of_view(seed, epoch, np.array(rows), view, CPU).stream(Stream.NOISE)
    alone = Draws.of_view(seed, epoch, np.array(rows[1:2]), view, CPU).stream(Stream.NOISE)
    assert (together.uniform(3)[:, 1:2] == alone.uniform(3)).all()
    assert torch.equal(together.normal(3, 5)[1:2], alone.normal(3, 5))
    assert torch.equal(together.bits(7)[1:2], alone.bits(7))


@pytest.mark.parametrize(
    "other",
    [
        Draws.of_view(2, 1, np.arange(5), 0, CPU),
        Draws.of_view(1, 2, np.arange(5), 0, CPU),
        Draws.of_view(1, 1, np.arange(5) + 5, 0, CPU),
        Draws.of_view(1, 1, np.arange(5), 1, CPU),
        Draws.of_view(1, 1, np.arange(5), 0, CPU).stream(Stream.SEA),
    ],
)
def test_each_part_of_the_key_gives_other_numbers(other: Draws) -> None:
    draws = Draws.of_view(1, 1, np.arange(5), 0, CPU)
    assert not (draws.uniform(4) == other.uniform(4)).any()
    assert (draws.bits(100) == other.bits(100)).float().mean() < 0.01


def test_seed_epoch_and_view_are_not_interchangeable() -> None:
    rows = np.arange(1)
    keys = [
        Draws.of_view(s, e, rows, v, CPU).keys[0] for s, e, v in [(1, 0, 0), (0, 1, 0), (0, 0, 1)]
    ]
    assert len(set(keys)) == 3


def test_uniform_numbers_are_uniform() -> None:
    numbers = draws_for(4000).stream(Stream.RAMP).uniform(5)
    assert numbers.min() >= 0
    assert numbers.max() < 1
    assert np.abs(np.histogram(numbers, 10, (0, 1))[0] / numbers.size - 0.1).max() < 0.01
    assert np.abs(np.corrcoef(numbers) - np.eye(5)).max() < 0.06


def test_normal_numbers_are_normal_and_patches_independent() -> None:
    normal = draws_for(6).stream(Stream.NOISE).normal(101, 99).numpy().reshape(6, -1)
    assert np.abs(normal.mean(axis=1)).max() < 0.04
    assert np.abs(normal.std(axis=1) - 1).max() < 0.03
    assert (np.abs(normal) > 1.96).mean() == pytest.approx(0.05, abs=0.004)
    assert np.abs(np.corrcoef(normal) - np.eye(6)).max() < 0.05
    neighbours = np.corrcoef(normal[0, :-1], normal[0, 1:])[0, 1]
    assert abs(neighbours) < 0.04


def test_angles_fill_the_circle() -> None:
    angles = draws_for(3).angles(64, 64).numpy()
    assert np.abs(angles).max() <= np.pi + 1e-6
    assert abs(np.exp(1j * angles).mean()) < 0.02


def test_bits_are_the_same_for_ever() -> None:
    """A training run that goes on with a newer release must see the same views."""
    draws = Draws.of_view(1, 2, np.array([3, 4]), 1, CPU).stream(Stream.NOISE)
    assert draws.keys.tolist() == [1232118161169060634, 1287843302388119653]
    assert draws.bits(2).tolist() == [[1056184795, 1646839011], [496751684, -1355209082]]


@pytest.mark.parametrize("values", [(-1, 0, 0), (0, -1, 0), (0, 0, -1), (2**63, 0, 0)])
def test_a_number_that_is_no_key_is_said(values: tuple[int, int, int]) -> None:
    seed, epoch, view = values
    with pytest.raises(BadInputError, match="it must be 0 to"):
        Draws.of_view(seed, epoch, np.arange(2), view, CPU)


@pytest.mark.parametrize("rows", [np.array([0.5]), np.array([[1]]), np.array([-1])])
def test_rows_that_are_no_places_are_said(rows: np.ndarray) -> None:
    with pytest.raises(BadInputError, match="no places of patches"):
        Draws.of_view(0, 0, rows, 0, CPU)
