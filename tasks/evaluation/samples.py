"""What is judged: labelled samples and the places that they come from."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Self


class GroupBy(StrEnum):
    """What belongs together: samples of one group fail together, and count as one witness."""

    AREA = "area"
    """All frames that show the same volcano, and all that hang together so."""
    FRAME = "frame"
    VOLCANO = "volcano"
    SCENE = "scene"
    """One volcano as one frame sees it."""


@dataclass(frozen=True)
class SamplePlace:
    """The groups of one sample; where a volcano or a frame is not known, what is known instead."""

    area: str
    frame: str
    volcano: str
    scene: str

    @classmethod
    def only(cls, name: str) -> Self:
        """Return a place of which nothing but a name is known."""
        return cls(name, name, name, name)

    def group(self, by: GroupBy) -> str:
        """Return the group of that kind."""
        return {
            GroupBy.AREA: self.area,
            GroupBy.FRAME: self.frame,
            GroupBy.VOLCANO: self.volcano,
            GroupBy.SCENE: self.scene,
        }[by]


@dataclass(frozen=True)
class Sample:
    """One labelled picture or patch that every candidate has judged."""

    name: str
    """A picture's path below the evaluated folder, or ``patch`` and its row in a corpus."""
    label: int
    family: str
    """The rendering of a picture; empty for a patch."""
    place: SamplePlace


def groups_of(samples: Sequence[Sample], by: GroupBy) -> tuple[str, ...]:
    """Return the group of each sample."""
    return tuple(sample.place.group(by) for sample in samples)
