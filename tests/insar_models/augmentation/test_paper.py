"""The published augmentation: its distributions are those that were measured of the original."""

from typing import Any

import numpy as np
import pytest
import torch

from fringewatch.errors import BadInputError
from insar_models.augmentation import PaperRecipe, find_recipe, two_grey_views
from insar_models.augmentation.paper import _jittered, grey_levels, grey_view
from insar_models.encoders.inputs import Phasors, phasors_of
from tests.insar_models.augmentation.batches import SIDE, draws_for, noise, noise_codes, rings

STILL = PaperRecipe(jitter_pixels=0.0, holes=0, brightness=(1.0, 1.0), noise_variance=(0.0, 0.0))


def test_grey_levels_are_the_bytes() -> None:
    codes = noise_codes(2)
    assert torch.equal(grey_levels(phasors_of(codes))[:, 0], codes.float())


def test_without_any_step_the_picture_is_itself_three_times() -> None:
    codes = noise_codes(2)
    made = grey_view(phasors_of(codes), PaperRecipe(probability=0.0), draws_for(2))
    assert torch.equal(made, codes[:, None].float().expand(-1, 3, -1, -1))


def test_views_are_whole_grey_levels_and_differ() -> None:
    one, other = two_grey_views(noise(6), np.arange(6), 0, PaperRecipe(), 0)
    for made in (one, other):
        assert made.shape == (6, 3, SIDE, SIDE)
        assert made.dtype == torch.float32
        assert torch.equal(made, made.round())
        assert made.min() >= 0
        assert made.max() <= 255
    assert not torch.allclose(one, other, atol=10)


def test_a_view_does_not_depend_on_what_else_is_in_the_batch() -> None:
    patches, rows = noise(9), np.arange(9) + 40
    whole = two_grey_views(patches, rows, 3, PaperRecipe(), 1)
    alone = Phasors(patches.field[4:5], patches.valid[4:5])
    part = two_grey_views(alone, rows[4:5], 3, PaperRecipe(), 1)
    assert torch.equal(whole[0][4:5], part[0])
    assert torch.equal(whole[1][4:5], part[1])


def test_flips_come_as_often_as_published() -> None:
    """64 % both ways, 16 % each way alone, 4 % none: probability 0.8 of each."""
    codes = torch.zeros(1000, 16, 16, dtype=torch.uint8)
    codes[:, :4, :4] = 255
    made = grey_view(phasors_of(codes), STILL, draws_for(1000))[:, 0]
    bright = torch.stack([made[:, y, x] for y in (1, 14) for x in (1, 14)], dim=1).argmax(1)
    shares = np.bincount(bright, minlength=4) / 1000
    assert shares == pytest.approx([0.04, 0.16, 0.16, 0.64], abs=0.04)


def test_the_affine_map_has_the_published_spread() -> None:
    """Median singular values 0.77 and 1.26, rotation of 11 degrees (standard deviation)."""
    numbers = np.random.default_rng(1).uniform(size=(6, 5000))
    values = np.linalg.svd(_jittered(numbers, 224, 50.0)[:, :2, :2], compute_uv=False)
    assert np.median(values, axis=0) == pytest.approx([1.26, 0.77], abs=0.03)
    assert np.quantile(values.prod(axis=1), [0.05, 0.95]) == pytest.approx([0.40, 1.71], abs=0.06)


def test_points_that_do_not_move_leave_the_picture() -> None:
    matrices = _jittered(np.full((6, 2), 0.5), 224, 50.0)
    assert np.abs(matrices - np.eye(3)).max() < 1e-9


def test_noise_makes_the_channels_differ() -> None:
    grey = Phasors(torch.ones(40, 2, SIDE, SIDE) / 2**0.5, torch.ones(40, 1, SIDE, SIDE) > 0)
    only = PaperRecipe(jitter_pixels=0.0, holes=0, brightness=(1.0, 1.0))
    made = grey_view(grey, only, draws_for(40)).flatten(2)
    spread = made.std(dim=2)
    noisy = spread[:, 0] > 0.5
    assert noisy.float().mean() == pytest.approx(0.8, abs=0.15)
    # Whole levels add a little to 3.2 to 7.1.
    assert spread[noisy].min() > 3.0
    assert spread[noisy].max() < 7.4
    one, other = made[noisy][:, 0], made[noisy][:, 1]
    assert abs(torch.corrcoef(torch.stack([one.flatten(), other.flatten()]))[0, 1]) < 0.4
    assert not torch.equal(one, other)


def test_holes_are_black_and_of_8_pixels() -> None:
    bright = Phasors(rings(30).field * 0 + 2**-0.5, rings(30).valid)
    only = PaperRecipe(jitter_pixels=0.0, holes=1, brightness=(1.0, 1.0), noise_variance=(0.0, 0.0))
    made = grey_view(bright, only, draws_for(30))[:, 0]
    black = (made < 40).flatten(1).sum(1)
    assert black.max() <= 64
    assert (black > 0).float().mean() > 0.6


def test_the_recipe_has_a_name() -> None:
    assert find_recipe("paper") == PaperRecipe()


@pytest.mark.parametrize(
    "settings", [{"probability": 1.1}, {"holes": -1}, {"noise_variance": (5.0, 1.0)}]
)
def test_numbers_that_cannot_be_are_said(settings: dict[str, Any]) -> None:
    with pytest.raises(BadInputError, match=f"the published recipe: {next(iter(settings))}="):
        PaperRecipe(**settings)
