import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fringewatch.errors import BadInputError
from insar_models.augmentation.geometry import Geometry, _places
from insar_models.augmentation.resample import resampled
from insar_models.encoders.inputs import Phasors
from tests.insar_models.augmentation.batches import (
    SIDE,
    assert_phasors,
    complex_of,
    draws_for,
    noise,
    phase_between,
    phasors_from,
    rings,
)

STILL = {"area": (1.0, 1.0), "aspect": 1.0, "turn_degrees": 0.0, "shear": 0.0}
Places = tuple[torch.Tensor, torch.Tensor]


def shifted(count: int, pixels: float) -> Places:
    """Places that lie to the right of each pixel."""
    centres = (torch.arange(SIDE) + 0.5) * (2 / SIDE) - 1
    columns = (centres + pixels * 2 / SIDE).expand(count, SIDE, SIDE)
    return columns, centres.view(-1, 1).expand(count, SIDE, SIDE)


def test_nothing_changes_where_nothing_moves() -> None:
    patches = noise(3)
    piece = Geometry(probability=1.0, elastic_pixels=(0.0, 0.0), **STILL)  # type: ignore[arg-type]
    made = piece(patches, draws_for(3))
    assert torch.allclose(made.field, patches.field, atol=1e-4)
    assert torch.equal(made.valid, patches.valid)


def test_between_the_ends_of_the_cycle_lies_pi_and_not_0() -> None:
    """The mean of the bytes 1 and 255 is 128: phase 0, half a cycle off."""
    phase_rad = np.where(np.arange(SIDE) % 2, 3.1, -3.1) * np.ones((1, SIDE, 1))
    made = resampled(phasors_from(phase_rad), shifted(1, 0.5))
    phase = np.angle(complex_of(made)[0, 2:-2, 2:-2])
    assert np.abs(np.abs(phase) - np.pi).max() < 0.05


def test_phase_between_pixels_is_that_of_the_fringes() -> None:
    ramp = np.arange(SIDE) * 0.5 * np.ones((1, SIDE, 1))
    made = resampled(phasors_from(ramp), shifted(1, 0.3))
    error = phase_between(phasors_from(ramp + 0.15), made)[0, :, :-1]
    assert np.abs(error).max() < 0.02


def test_no_data_adds_nothing_and_stays() -> None:
    valid = np.ones((1, SIDE, SIDE), dtype=bool)
    valid[:, :, 30:] = False
    patches = phasors_from(np.full((1, SIDE, SIDE), 1.0), valid)
    made = resampled(patches, shifted(1, 0.3))
    here = made.valid[0, 0].numpy()
    assert here[:, :30].all()
    assert not here[:, 30:].any()
    # The edge is made of data alone: it keeps its length and its phase.
    assert np.abs(complex_of(made)[0][here] - np.exp(1j)).max() < 1e-5


def test_a_place_has_data_where_most_of_its_neighbourhood_has() -> None:
    valid = np.ones((1, SIDE, SIDE), dtype=bool)
    valid[:, :, 30:] = False
    patches = phasors_from(np.full((1, SIDE, SIDE), 1.0), valid)
    assert resampled(patches, shifted(1, 0.4)).valid[..., 29].all()
    assert not resampled(patches, shifted(1, 0.6)).valid[..., 29].any()


def test_beyond_the_patch_is_no_data() -> None:
    made = resampled(rings(2), shifted(2, 10.0))
    assert not made.valid[..., -10:].any()
    assert made.valid[..., :-10].all()
    assert_phasors(made)


def test_means_of_disagreeing_phasors_are_short() -> None:
    made = resampled(noise(2, holes=False), shifted(2, 0.5))
    length = np.abs(complex_of(made)[:, :, :-1])
    assert length.max() <= 1 + 1e-6
    assert length.mean() == pytest.approx(2 / np.pi, abs=0.03)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=30)
def test_any_view_is_made_of_phasors(seed: int) -> None:
    made = Geometry(probability=1.0)(noise(2), draws_for(2, seed))
    assert_phasors(made)


def test_views_differ_and_keep_most_of_the_data() -> None:
    patches = noise(60)
    made = Geometry(probability=1.0, least_kept=0.7)(patches, draws_for(60))
    before, after = (each.valid.flatten(1).float().mean(1) for each in (patches, made))
    assert (after > 0.7 * before - 0.06).all()
    assert len(np.unique(made.valid.flatten(1).sum(1).numpy())) > 10


def test_a_view_that_would_keep_too_little_is_the_whole_patch() -> None:
    valid = np.zeros((40, SIDE, SIDE), dtype=bool)
    valid[:, 28:36, 28:36] = True
    patches = phasors_from(np.ones((40, SIDE, SIDE)), valid)
    small = {**STILL, "area": (0.02, 0.02), "elastic_pixels": (0.0, 0.0)}
    made = Geometry(probability=1.0, least_kept=0.9, **small)(patches, draws_for(40))  # type: ignore[arg-type]
    whole = [torch.equal(one, patches.valid[0]) for one in made.valid]
    assert any(whole)
    assert all(
        is_whole or one.float().mean() > 0.01
        for is_whole, one in zip(whole, made.valid, strict=True)
    )


def places_of(seed: int, **settings_: object) -> np.ndarray:
    """Where the pixels of views come from, told by patches that hold their own coordinates."""
    y, x = (np.mgrid[:SIDE, :SIDE] / SIDE - 0.5) * 1.5
    found = [
        np.angle(
            complex_of(
                piece_of(settings_)(phasors_from(each[None].repeat(8, 0)), draws_for(8, seed))
            )
        )
        for each in (y, x)
    ]
    return np.stack(found)


def piece_of(settings_: dict[str, object]) -> Geometry:
    return Geometry(probability=1.0, least_kept=0.0, **settings_)  # type: ignore[arg-type]


@given(seed=st.integers(0, 1000))
@settings(max_examples=20)
def test_the_elastic_field_bends_and_does_not_fold(seed: int) -> None:
    piece = Geometry(elastic_pixels=(21.0, 21.0))
    points = piece._control_points(draws_for(8, seed), SIDE)
    still = torch.eye(2).expand(8, 2, 2), torch.zeros(8, 2)
    x, y = (each.numpy() for each in _places(*still, points, SIDE))
    (yy, yx), (xy, xx) = (np.gradient(each, 2 / SIDE, axis=(1, 2)) for each in (y, x))
    area = yy * xx - yx * xy
    assert area.min() > 0
    assert area.max() > 1.3


def test_the_crop_has_its_area() -> None:
    y, x = places_of(
        1, area=(0.36, 0.36), aspect=1.0, turn_degrees=0.0, shear=0.0, elastic_pixels=(0.0, 0.0)
    )
    for each, axis in ((y, 1), (x, 2)):
        step = np.diff(each, axis=axis).mean()
        assert step == pytest.approx(0.6 * 1.5 / SIDE, rel=0.01)


def test_numbers_that_cannot_be_are_said() -> None:
    with pytest.raises(BadInputError, match=r"Geometry: area=\(0\.0, 1\.0\): give"):
        Geometry(area=(0.0, 1.0))
    with pytest.raises(BadInputError, match=r"Geometry: elastic_pixels=\(0\.0, 60\.0\): give"):
        Geometry(elastic_pixels=(0.0, 60.0))


def test_an_empty_batch_stays_empty() -> None:
    nothing = Phasors(torch.zeros(0, 2, 8, 8), torch.zeros(0, 1, 8, 8, dtype=torch.bool))
    assert len(Geometry(probability=1.0)(nothing, draws_for(0)).field) == 0
