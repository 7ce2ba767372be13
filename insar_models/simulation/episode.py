"""An episode of unrest: what moves, how far, and when."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from fringewatch.errors import BadInputError
from insar_models.simulation.sources import Source
from insar_models.simulation.time_courses import TimeCourse

EpisodeKind: TypeAlias = Literal["volcanic", "tectonic"]

_KINDS = ("volcanic", "tectonic")


@dataclass(frozen=True)
class Episode:
    """A source of deformation and the course of its growth."""

    name: str
    source: Source
    """At its full size."""
    course: TimeCourse
    """Share of the full size by date."""
    kind: EpisodeKind = "volcanic"
    """Tectonic ones deform the ground too, but are no sign of a volcano."""

    def __post_init__(self) -> None:
        if self.kind not in _KINDS:
            message = (
                f"episode '{self.name}' has the kind '{self.kind}': it is 'volcanic' or 'tectonic'"
            )
            raise BadInputError(message)
