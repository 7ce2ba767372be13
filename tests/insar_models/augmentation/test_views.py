import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fringewatch.errors import BadInputError
from insar_models.augmentation import Recipe, find_recipe, two_views, views
from insar_models.augmentation.geometry import Geometry
from insar_models.augmentation.views import view
from insar_models.encoders.inputs import Phasors
from tests.insar_models.augmentation.batches import SIDE, assert_phasors, complex_of, noise, rings

RECIPE = Recipe()
ALWAYS = dataclasses.replace(
    RECIPE,
    **{
        one.name: dataclasses.replace(getattr(RECIPE, one.name), probability=1.0)
        for one in dataclasses.fields(RECIPE)
        if one.name != "lengths"
    },
)
NOTHING = Recipe.parse(dict.fromkeys(RECIPE.settings().keys() - {"lengths"}, False))


def some_of(phasors: Phasors, places: list[int]) -> Phasors:
    return Phasors(phasors.field[places], phasors.valid[places])


def equal(one: Phasors, other: Phasors) -> bool:
    return torch.equal(one.field, other.field) and torch.equal(one.valid, other.valid)


@pytest.mark.parametrize("recipe", [RECIPE, ALWAYS])
@given(places=st.lists(st.integers(0, 11), min_size=1, max_size=12), epoch=st.integers(0, 99))
@settings(max_examples=8)
def test_a_view_does_not_depend_on_what_else_is_in_the_batch(
    recipe: Recipe, places: list[int], epoch: int
) -> None:
    patches, rows = noise(12, 32), np.arange(12) * 17
    whole = two_views(patches, rows, epoch, recipe, 5)
    part = two_views(some_of(patches, places), rows[places], epoch, recipe, 5)
    for one, other in zip(whole, part, strict=True):
        assert equal(some_of(one, places), other)


def test_pieces_of_a_batch_are_worked_on_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    patches, rows = noise(10), np.arange(10)
    together = two_views(patches, rows, 0, ALWAYS, 0)
    monkeypatch.setattr(views, "_CPU_PIXELS", 3 * SIDE * SIDE)
    apart = two_views(patches, rows, 0, ALWAYS, 0)
    assert equal(together[0], apart[0])
    assert equal(together[1], apart[1])


def test_views_epochs_seeds_and_rows_differ() -> None:
    patches, rows = rings(4), np.arange(4)
    made = [
        *two_views(patches, rows, 0, RECIPE, 0),
        two_views(patches, rows, 1, RECIPE, 0)[0],
        two_views(patches, rows, 0, RECIPE, 1)[0],
        two_views(patches, rows + 4, 0, RECIPE, 0)[0],
    ]
    for number, one in enumerate(made):
        for other in made[:number]:
            assert not torch.allclose(one.field, other.field, atol=0.1)


@given(seed=st.integers(0, 10_000), lengths=st.sampled_from(["unit", "kept"]))
@settings(max_examples=10)
def test_views_are_phasors_of_their_lengths(seed: int, lengths: str) -> None:
    recipe = Recipe.parse({"lengths": lengths})
    for made in two_views(noise(3), np.arange(3), 0, recipe, seed):
        assert_phasors(made)
        length = np.abs(complex_of(made))[made.valid[:, 0].numpy()]
        assert (lengths == "unit") == bool((np.abs(length - 1) < 1e-5).all())


def test_nothing_is_done_by_an_empty_recipe() -> None:
    patches = noise(3)
    for made in two_views(patches, np.arange(3), 0, NOTHING, 0):
        assert torch.allclose(made.field, patches.field, atol=1e-6)
        assert torch.equal(made.valid, patches.valid)


def test_each_piece_of_the_recipe_is_used() -> None:
    rows = np.arange(6)
    for name in ALWAYS.settings().keys() - {"lengths"}:
        patches = rings(6) if name == "overwrap" else noise(6)  # it leaves noise alone
        alone = dataclasses.replace(NOTHING, **{name: getattr(ALWAYS, name)})
        made = view(patches, rows, (0, 0), alone, 0)
        assert not torch.allclose(made.field, patches.field, atol=1e-3), name


def test_a_view_holds_most_of_what_its_patch_holds() -> None:
    patches = noise(200, 32)
    made = view(patches, np.arange(200), (0, 0), RECIPE, 0)
    share = made.valid.flatten(1).sum(1) / patches.valid.flatten(1).sum(1)
    # Geometry, sea and holes in a row.
    assert share.min() > 0.6 * 0.4 * 0.4
    assert share.median() > 0.85


def test_a_patch_without_data_stays_without() -> None:
    nothing = Phasors(
        torch.zeros(2, 2, SIDE, SIDE), torch.zeros(2, 1, SIDE, SIDE, dtype=torch.bool)
    )
    for made in two_views(nothing, np.arange(2), 0, ALWAYS, 0):
        assert not made.valid.any()
        assert_phasors(made)


def test_no_gradient_and_no_state_is_left_behind() -> None:
    patches, rows = noise(2), np.arange(2)
    with torch.inference_mode():
        first = two_views(patches, rows, 0, ALWAYS, 0)[0].field.clone()
    state = torch.random.get_rng_state()
    again = two_views(patches, rows, 0, ALWAYS, 0)[0].field
    assert torch.equal(first, again)
    assert torch.equal(state, torch.random.get_rng_state())
    assert not again.requires_grad


@pytest.mark.parametrize(("count", "shape"), [(3, (16, 16)), (2, (16, 8))])
def test_patches_that_do_not_fit_are_said(count: int, shape: tuple[int, int]) -> None:
    patches = Phasors(torch.zeros(2, 2, *shape), torch.ones(2, 1, *shape, dtype=torch.bool))
    with pytest.raises(
        BadInputError, match=f"2 patches of 16 x {shape[1]} pixels with {count} rows"
    ):
        two_views(patches, np.arange(count), 0, RECIPE, 0)


def test_settings_lead_back_to_the_recipe() -> None:
    recipe = Recipe.parse({"geometry": {"area": [0.3, 0.9]}, "sea": False, "lengths": "kept"})
    assert recipe.geometry == dataclasses.replace(Geometry(), area=(0.3, 0.9))
    assert recipe.sea is None
    assert recipe.blur == RECIPE.blur
    assert Recipe.parse(recipe.settings()) == recipe
    assert find_recipe("default") == RECIPE
    assert find_recipe({}) == RECIPE


@pytest.mark.parametrize(
    ("settings_", "words"),
    [
        ({"zoom": {}}, "a recipe has no 'zoom'"),
        ({"blur": {"sigma": 1}}, "'blur' of a recipe has no 'sigma'"),
        ({"blur": True}, "must be a table of settings, or false, not True"),
        ({"blur": {"sigma_pixels": 1}}, "Blur: sigma_pixels=1: give the least and the greatest"),
        ({"blur": {"sigma_pixels": [1, 2, 3]}}, "give the least and the greatest"),
        ({"blur": {"probability": "often"}}, "probability='often': give a share"),
        ({"blur": {"probability": True}}, "probability=True: give a share"),
        ({"cutout": {"most": 2.5}}, r"most=2\.5: give a whole number"),
        ({"blur": {"probability": 7}}, "Blur: probability=7: give a share"),
        ({"lengths": "long"}, "lengths='long': give one of kept, unit"),
    ],
)
def test_settings_that_make_no_recipe_are_said(settings_: dict[str, object], words: str) -> None:
    with pytest.raises(BadInputError, match=words):
        Recipe.parse(settings_)


def test_an_unknown_recipe_is_said() -> None:
    with pytest.raises(BadInputError, match="there is no augmentation 'strong'"):
        find_recipe("strong")
