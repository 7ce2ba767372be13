"""What is known of a place: dated episodes, and labels of pairs and of dates."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import pairwise

from catalogs.records import DatePair, FrameId
from catalogs.world.volcanoes import find_volcano, plain_spelling
from fringewatch.errors import BadInputError


class EpisodeKind(StrEnum):
    """What moved the ground."""

    VOLCANIC = "volcanic"
    TECTONIC = "tectonic"
    """An earthquake: it deforms the ground, and is no sign of a volcano."""


class PairLabel(StrEnum):
    """What a pair shows."""

    QUIET = "quiet"
    DEFORMING = "deforming"
    TECTONIC = "tectonic"
    """Deformation, but of an earthquake alone."""


_WEIGHTS = (PairLabel.QUIET, PairLabel.TECTONIC, PairLabel.DEFORMING)  # the heavier one wins
_A_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, order=True)
class DatedEpisode:
    """A time in which the ground moved."""

    start: dt.date
    """First day of motion."""
    end: dt.date
    """Last day of motion; the first one too, where the ground moved at once."""
    name: str = ""
    kind: EpisodeKind = EpisodeKind.VOLCANIC

    def __post_init__(self) -> None:
        """Refuse an episode that ends before it starts.

        Raises
        ------
        BadInputError
            If it does.
        """
        if self.end < self.start:
            message = f"episode '{self.name}' starts on {self.start} and ends on {self.end}, before"
            raise BadInputError(message)

    def __str__(self) -> str:
        """Return name and days for a person."""
        return f"{self.name or self.kind.value} ({self.start} to {self.end})"


@dataclass(frozen=True)
class PlaceTruth:
    """What is known of one volcano, or of one frame."""

    episodes: tuple[DatedEpisode, ...] = ()
    """In order of time."""
    pairs: Mapping[DatePair, PairLabel] = field(default_factory=dict)
    dates: Mapping[dt.date, bool] = field(default_factory=dict)
    """Whether the ground deforms, as the pairs show it that end on the date."""
    covers: tuple[dt.date, dt.date] | None = None
    """First and last date of which something is known; None: dated episodes, and all there are."""

    def named(self, place: str) -> "PlaceTruth":
        """Return the same with the place before the name of each episode."""
        episodes = (replace(e, name=f"{place}: {e.name or e.kind.value}") for e in self.episodes)
        return replace(self, episodes=tuple(episodes))

    def checked(self, place: str) -> "PlaceTruth":
        """Return the same with its episodes in order of time.

        Raises
        ------
        BadInputError
            If two episodes of one kind and name share a day; those of two sources may.
        """
        ordered = tuple(sorted(self.episodes))
        for before, after in pairwise(sorted(ordered, key=lambda e: (e.kind, e.name, e.start))):
            one_source = (before.kind, before.name) == (after.kind, after.name)
            if one_source and after.start <= before.end:
                message = (
                    f"truth of '{place}': the {after.kind.value} episodes {before} and {after} "
                    "overlap: join them, correct their days, or give them other names"
                )
                raise BadInputError(message)
        return replace(self, episodes=ordered)


@dataclass(frozen=True)
class Truth:
    """A table of truth, by place: a volcano, a frame, or '' where the table names neither."""

    source: str
    """File that it came from, for messages."""
    places: Mapping[str, PlaceTruth]

    def at(self, volcano: str, frames: Iterable[str] = ()) -> PlaceTruth:
        """Return what is known of a volcano, or of the frames that see it.

        Labels of a whole frame are taken for the volcano's: they say more than its window shows.

        Parameters
        ----------
        volcano
            Name in any spelling, or a frame where nothing else is known.
        frames
            Those that the detections rest on, besides the catalogue's.

        Raises
        ------
        BadInputError
            If the truth is of other places, or its episodes overlap.
        """
        found = self._found(volcano, frames)
        if not found:
            known = ", ".join(sorted(self.places)) or "nothing"
            message = f"{self.source} is the truth of {known}; the detections are of '{volcano}'"
            raise BadInputError(message)
        return united(found).checked(volcano)

    def knows(self, volcano: str, frames: Iterable[str] = ()) -> bool:
        """Whether there is something about a volcano, or about the frames that see it."""
        return bool(self._found(volcano, frames))

    def _found(self, volcano: str, frames: Iterable[str]) -> list[PlaceTruth]:
        seen_by = frozenset(frames)
        return [
            truth
            for place, truth in self.places.items()
            if not place or names_place(place, volcano) or place in seen_by
        ]


def names_place(place: str, volcano: str) -> bool:
    """Whether `place` means `volcano` in any spelling, or one is a frame that sees the other."""
    if plain_spelling(place) == plain_spelling(volcano):
        return True
    if _is_frame(place):
        return place in _frames_of(volcano)
    if _is_frame(volcano):
        return volcano in _frames_of(place)
    return _slug(place) == _slug(volcano)


def _is_frame(name: str) -> bool:
    try:
        FrameId.parse(name)
    except BadInputError:
        return False
    return True


def _frames_of(volcano: str) -> frozenset[str]:
    try:
        return frozenset(map(str, find_volcano(volcano).frames))
    except BadInputError:  # a place that the catalogue does not know
        return frozenset()


def _slug(volcano: str) -> str:
    try:
        return find_volcano(volcano).slug
    except BadInputError:
        return plain_spelling(volcano)


def united(found: Sequence[PlaceTruth]) -> PlaceTruth:
    """Return what several tables or frames know together.

    Deformation in any of them counts. Dated episodes come before those made of labels.
    """
    if len(found) == 1:
        return found[0]
    pairs: dict[DatePair, PairLabel] = {}
    dates: dict[dt.date, bool] = {}
    for truth in found:
        for pair, label in truth.pairs.items():
            pairs[pair] = max(pairs.get(pair, label), label, key=_WEIGHTS.index)
        for date, deforming in truth.dates.items():
            dates[date] = dates.get(date, False) or deforming
    dated = [truth for truth in found if truth.covers is None]
    if dated:
        covers, episodes = None, [e for truth in dated for e in truth.episodes]
    else:
        ranges = [truth.covers for truth in found if truth.covers]
        covers = (min(first for first, _ in ranges), max(last for _, last in ranges))
        episodes = joined_episodes([e for truth in found for e in truth.episodes])
    return PlaceTruth(tuple(episodes), pairs, dates, covers)


def joined_episodes(episodes: Sequence[DatedEpisode]) -> list[DatedEpisode]:
    """Return the episodes in order of time; those of one kind that overlap or touch are joined."""
    joined: list[DatedEpisode] = []
    for kind in EpisodeKind:
        running: DatedEpisode | None = None
        for episode in sorted(e for e in episodes if e.kind is kind):
            if running and episode.start <= running.end + _A_DAY:
                joined.pop()
                end = max(running.end, episode.end)
                episode = DatedEpisode(running.start, end, running.name, kind)  # noqa: PLW2901
            running = episode
            joined.append(running)
    return sorted(joined)
