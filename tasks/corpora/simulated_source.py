"""Patches of simulated scenes: nine of each, with a label that is known for certain."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from catalogs.corpora.candidate import Candidate
from catalogs.corpora.recipe import SimulatedSource
from fringewatch.errors import StoreError
from fringewatch.numbers import FRINGE_M, NO_DATA_CODE
from insar_models.phase.window_patches import PATCH_ORIGINS, PatchOrigin, cut_patch
from tasks.corpora.patch_source import (
    Item,
    PatchKey,
    PatchSource,
    coherence_mean,
    is_a_patch,
    measured_candidate,
    pieces_of,
    read_by_origin,
    unread_candidate,
)
from tasks.corpora.random_scene import SceneWindow, look_at, random_scene, scene_sha256

SCENES_IN_AN_ITEM: Final = 8

LEAST_DEFORMATION_M: Final = FRINGE_M / 2
"""A patch deforms if the true motion along the line of sight differs by more than half a fringe,
13.9 mm, between any two of its pixels that hold phase: less is lost in the simulated atmosphere,
whose delay typically differs by as much over a few kilometres."""


@dataclass(frozen=True)
class ScenePatches(PatchSource):
    """The patches of simulated scenes; a location is a scene's number, from 0.

    A scene and its bytes depend on the seed and its number alone, on one kind of processor and one
    version of numpy: elsewhere single bytes may differ by one step.
    """

    number: int
    """Place of the source in the recipe."""
    source: SimulatedSource

    @override
    def items(self) -> tuple[Item, ...]:
        """Return pieces of at most eight scenes."""
        return pieces_of(self.number, self.source.scenes, SCENES_IN_AN_ITEM)

    @override
    def survey(self, item: Item) -> list[Candidate]:
        """Return nine patches of each scene, row by row; there is no place on the true Earth."""
        scenes = range(item.first, item.first + item.count)
        return [candidate for scene in scenes for candidate in self._survey_scene(scene)]

    @override
    def read(self, keys: Sequence[PatchKey]) -> NDArray[np.uint8]:
        return read_by_origin(keys, lambda key: key.location, self._codes, is_a_patch)

    def _codes(self, location: str) -> NDArray[np.uint8]:
        if not location.isdecimal() or int(location) >= self.source.scenes:
            message = (
                f"there is no simulated scene '{location}' among {self.source.scenes}: "
                "plan the corpus again"
            )
            raise StoreError(message)
        return look_at(random_scene(self.source.seed, int(location))).phase

    def _survey_scene(self, scene: int) -> list[Candidate]:
        drawn = random_scene(self.source.seed, scene)
        window = look_at(drawn)
        blank = dataclasses.replace(
            unread_candidate(self.number, self.source.kind, str(scene)),
            primary=drawn.pair.primary,
            secondary=drawn.pair.secondary,
            source_sha256=scene_sha256(self.source.seed, scene),
        )
        return [_candidate(blank, window, origin) for origin in PATCH_ORIGINS]


def _candidate(blank: Candidate, window: SceneWindow, origin: PatchOrigin) -> Candidate:
    """The patch at a place of a simulated window, as a candidate for the corpus."""
    codes = cut_patch(window.phase, origin.row, origin.column)
    moved_m = window.deformation_m[origin.slices][codes != NO_DATA_CODE]
    spread_m = float(np.ptp(moved_m)) if moved_m.size else 0.0
    placed = dataclasses.replace(
        blank,
        row=origin.row,
        column=origin.column,
        label=int(spread_m > LEAST_DEFORMATION_M),
        coherence_mean=coherence_mean(codes, window.coherence[origin.slices]),
    )
    return measured_candidate(placed, codes)
