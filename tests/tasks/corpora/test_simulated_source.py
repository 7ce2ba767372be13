"""Simulated scenes as a source: repeatable, varied, and labelled by what truly moved."""

import dataclasses

import numpy as np
import pytest

from catalogs.corpora.recipe import SimulatedSource
from fringewatch.errors import StoreError
from insar_models.phase.window_patches import PATCH_ORIGINS
from insar_models.simulation.random_sources import SourceKind
from tasks.corpora.patch_source import Item, PatchKey
from tasks.corpora.random_scene import SIMULATION_VERSION, look_at, random_scene, scene_sha256
from tasks.corpora.simulated_source import LEAST_DEFORMATION_M, ScenePatches
from tests.tasks.corpora.source_checks import check_source

EXPECTED = np.array(
    [
        [148, 157, 177, 18, 178],
        [78, 122, 204, 165, 80],
        [186, 198, 92, 119, 121],
        [141, 216, 42, 58, 61],
        [184, 225, 221, 7, 171],
    ]
)


def source_of(scenes: int, seed: int = 0) -> ScenePatches:
    return ScenePatches(3, SimulatedSource(scenes=scenes, seed=seed))


def test_it_is_a_source() -> None:
    found = check_source(source_of(2))
    assert [(c.location, c.row, c.column) for c in found] == [
        (str(scene), origin.row, origin.column) for scene in range(2) for origin in PATCH_ORIGINS
    ]
    assert {(c.source, c.kind, c.volcano, c.frame) for c in found} == {(3, "simulated", "", "")}
    assert [c.source_sha256 for c in found[::9]] == [scene_sha256(0, 0), scene_sha256(0, 1)]
    assert all(np.isnan(c.north) and 0 < c.coherence_mean < 1 for c in found)
    assert [PatchKey.of(c).pair for c in found[::9]] == [random_scene(0, n).pair for n in range(2)]


def test_a_scene_does_not_depend_on_how_many_there_are() -> None:
    few, many = source_of(6), source_of(1000)
    assert few.survey(Item(3, "", 5)) == many.survey(Item(3, "", 5))
    assert few.items() == (Item(3, "", 0, 6),)
    assert many.items()[-1] == Item(3, "", 992, 8)
    assert sum(item.count for item in many.items()) == 1000


def test_seeds_and_numbers_give_other_scenes() -> None:
    scenes = [random_scene(seed, number).scene for seed in range(3) for number in range(5)]
    assert len({scene.seed for scene in scenes}) == 15
    assert random_scene(1, 2) == random_scene(1, 2)
    assert len({scene_sha256(seed, number) for seed in range(3) for number in range(5)}) == 15


def test_scenes_vary() -> None:
    drawn = [random_scene(0, number) for number in range(200)]
    moving = [scene for scene in drawn if scene.scene.episodes]

    assert 60 <= len(drawn) - len(moving) <= 100
    assert {scene.pair.days for scene in drawn} == {6, 12, 18, 24, 36, 48}
    assert {episode.name for s in moving for episode in s.scene.episodes} == set(SourceKind)
    assert len({np.sign(s.scene.sight.heading_degrees + 90) for s in drawn}) == 2
    assert 30 <= sum(s.scene.ground.coastline is not None for s in drawn) <= 90
    assert 5 <= sum(s.scene.processing.footprint is not None for s in drawn) <= 40
    assert {s.scene.coherence.winter.coldest_day for s in drawn} == {35, 217}
    for scene in moving:
        course = scene.scene.episodes[0].course
        assert course.fraction(scene.pair.secondary) > course.fraction(scene.pair.primary)


def test_some_sources_grow_and_some_shrink() -> None:
    found = set()
    for number in range(4, 19):
        drawn = random_scene(0, number)
        moved_m = drawn.deformation_m
        if np.ptp(moved_m) > LEAST_DEFORMATION_M:
            found.add(bool(np.abs(moved_m.min()) > moved_m.max()))
    assert found == {False, True}


def test_the_label_is_what_truly_moved() -> None:
    source = source_of(40)
    labels = set()
    for scene in (0, 4, 14):  # still; a strong dyke; a coast
        true_m = look_at(random_scene(0, scene)).deformation_m
        found = source.survey(Item(3, "", scene))
        patches = source.read([PatchKey.of(candidate) for candidate in found])
        for candidate, patch, origin in zip(found, patches, PATCH_ORIGINS, strict=True):
            seen_m = true_m[origin.slices][patch > 0]
            spread_m = np.ptp(seen_m) if seen_m.size else 0.0
            assert candidate.label == (spread_m > LEAST_DEFORMATION_M)
            labels.add((scene, candidate.label))
    assert labels >= {(0, 0), (4, 1), (14, 0), (14, 1)}
    assert (0, 1) not in labels


def test_sea_is_left_out() -> None:
    random = random_scene(0, 14)
    window = look_at(random)
    assert 0.1 < random.scene.is_land.mean() < 0.9
    np.testing.assert_array_equal(window.phase > 0, random.scene.is_land & random.scene.is_seen)


@pytest.mark.parametrize("location", ["2", "-1", "", "one", "²"])
def test_a_scene_that_is_none_is_refused(location: str) -> None:
    with pytest.raises(StoreError, match="no simulated scene"):
        source_of(2).read([PatchKey(location, None, 0, 0)])


def test_a_patch_that_is_none_is_refused() -> None:
    with pytest.raises(StoreError, match="no patch at row 1"):
        source_of(1).read([PatchKey("0", None, 1, 0)])


def test_the_version_word_is_raised_when_the_scenes_change() -> None:
    """The bytes of scene 5 of seed 0 at some pixels; where they differ, raise the version."""
    found = look_at(random_scene(0, 5)).phase[::100, ::100].astype(int)
    assert SIMULATION_VERSION == "2"
    difference = (found - EXPECTED + 127) % 254 - 127
    assert np.abs(difference).max() <= 2  # processors may differ by a step


def test_the_recipe_of_a_scene_is_a_record() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        random_scene(0, 0).pair = None  # type: ignore[misc, assignment]
