"""Panels of a page: a window, what lies below it, and the places that are marked on it."""

import math
from dataclasses import dataclass, replace
from typing import Final

from catalogs.records import Direction, FrameId
from fringewatch.plain_text import counted
from tasks.judge.pair_kinds import PairKind, kind_of, kind_words
from tasks.judge.place_words import from_summit
from tasks.site.facts import Row
from tasks.site.state_words import placed_row
from tasks.site.steps import date_steps, map_row, newest_episode
from tasks.site.windows import Ground, PictureBook, WindowPicture

_MAP_STEP, _SIDE_STEP, _EPISODE_STEP, _DATE_STEP = 1, 2, 3, 4
"""Of so many rows and columns one is shown: pictures are most of a page's bytes."""

_SCALES_KM: Final = (2, 5, 10)
_LONGEST_SCALE: Final = 0.45
"""Of the width of a map."""


@dataclass(frozen=True)
class Panel:
    """An interferogram with its words."""

    frame: str
    title: str
    """Track, direction and dates."""
    caption: str
    picture: WindowPicture
    ground: Ground | None
    width: float
    """On a panel that is 500 high."""
    summit: tuple[float, float] | None
    place: tuple[float, float] | None = None
    """Where the model's evidence is."""
    is_left_out: bool = False
    """Whether a review or the settings say that it is no evidence: then it is grey."""

    @property
    def scale_km(self) -> int:
        """How long the bar of the scale is."""
        if self.ground is None:
            return _SCALES_KM[0]
        longest_km = _LONGEST_SCALE * self.width / self.ground.pixels_per_km
        return max((km for km in _SCALES_KM if km <= longest_km), default=_SCALES_KM[0])

    @property
    def ground_words(self) -> str:
        """What of the map is known by what."""
        if self.ground is None:
            return "Neither coast nor heights are known here."
        shade = "Hill shade: the frame's heights." if self.ground.shade else (
            "No heights of the frame are known: no hill shade."
        )  # fmt: skip
        if not self.ground.coast:
            return f"{shade} No water in the window."
        by = "the frame's landmask" if self.ground.coast_by == "landmask" else (
            "what is coherent in no pair, for want of a landmask"
        )  # fmt: skip
        return f"{shade} Coast: {by}."


@dataclass(frozen=True)
class Side:
    """The newest of one geometry."""

    direction: str
    panel: Panel | None
    words: str
    """Why there is no panel."""
    short: str
    """For the top of the page."""


@dataclass(frozen=True)
class EpisodePanel:
    """A pair of an episode: as the model saw it, and as it came where that is something else."""

    corrected: Panel
    as_it_came: Panel | None


@dataclass(frozen=True)
class EpisodePanels:
    """The pairs of the newest episode."""

    words: str
    panels: tuple[EpisodePanel, ...]


@dataclass(frozen=True)
class StepPanel:
    """A date to step to."""

    date: Row
    mark: str
    panel: Panel | None


class PanelMaker:
    """Makes the panels of one volcano."""

    def __init__(self, book: PictureBook) -> None:
        self._book = book
        self._facts = book.facts
        self._placed = placed_row(book.facts)

    def large_map(self) -> Panel | None:
        """Return the map of the place that is meant; None if nothing was scored."""
        row = map_row(self._facts, self._placed)
        return None if row is None else self._dated(self.panel(row, _MAP_STEP))

    def sides(self) -> tuple[Side, ...]:
        """Return the newest of each direction, ascending first."""
        return tuple(self._side(direction) for direction in Direction)

    def episode(self) -> EpisodePanels | None:
        """Return the pairs of the newest episode; None if there was none."""
        found = newest_episode(self._facts)
        if found is None:
            return None
        made = []
        for row in found.rows:
            corrected = self.panel(row, _EPISODE_STEP)
            if corrected is not None:
                came = None
                if self._book.has_less_air(row):
                    came = self.panel(row, _EPISODE_STEP, with_air=True)
                made.append(EpisodePanel(corrected, came))
        return EpisodePanels(found.words, tuple(made))

    def steps(self, most: int) -> tuple[StepPanel, ...]:
        """Return the newest dates to step through, the oldest of them first."""
        return tuple(
            StepPanel(
                step.date, step.mark, self.panel(step.pair, _DATE_STEP) if step.pair else None
            )
            for step in date_steps(self._facts, most)
        )

    def panel(self, row: Row, step: int, *, with_air: bool = False) -> Panel | None:
        """Return the panel of a row of pairs; None if its window cannot be read.

        Parameters
        ----------
        row
            Of the interferograms table.
        step
            Of so many rows and columns of pixels one is shown.
        with_air
            Whether it is shown as it came.
        """
        picture = self._book.picture(row, step, with_air=with_air)
        if picture is None:
            return None
        frame, volcano = FrameId.parse(row["frame"]), self._facts.volcano
        ground = self._book.ground(frame)
        summit = place = None
        is_positive = kind_of(row) is PairKind.POSITIVE
        if ground is not None and math.isfinite(volcano.latitude):
            summit = ground.on_map(volcano.latitude, volcano.longitude)
        if ground is not None and is_positive and row["peak_latitude"] is not None:
            place = ground.on_map(row["peak_latitude"], row["peak_longitude"])
        return Panel(
            str(frame),
            f"{frame.pass_name}, {row['primary_date']} to {row['secondary_date']}",
            self._caption(row),
            picture,
            ground,
            ground.width_pixels if ground else 500.0,
            summit,
            place,
            is_left_out=kind_of(row) is PairKind.LEFT_OUT,
        )

    def _dated(self, panel: Panel | None) -> Panel | None:
        """Return the panel, which says that it is old where what it shows no longer stands."""
        if panel is None or not self._facts.is_old:
            return panel
        return replace(panel, caption=f"OLD, it no longer stands: {panel.caption}")

    def _caption(self, row: Row) -> str:
        probability = row["probability"]
        said = "not scored" if probability is None else f"p {probability:.2f}"
        kind = kind_of(row)
        if kind is PairKind.POSITIVE:
            where = from_summit(self._facts.volcano, row["peak_latitude"], row["peak_longitude"])
            said += f", positive{f', {where}' if where else ''}"
        elif kind is not PairKind.NOT_SCORED:
            said += f", {kind_words(row)}"
        return f"{counted(row['days'], 'day')}, {said}."

    def _side(self, direction: Direction) -> Side:
        row = self._facts.newest_pair(direction)
        panel = self._dated(self.panel(row, _SIDE_STEP)) if row is not None else None
        if row is not None:
            said = kind_words(row)
            said = f"last seen, and old: {said}" if self._facts.is_old else said
            short = f"{said}, {row['frame'][:4]}, {row['primary_date']} to {row['secondary_date']}"
            words = "" if panel else "Its window cannot be read: run fringewatch verify."
            return Side(direction.value, panel, words, short)
        frames = [track for track in self._facts.tracks if track.direction is direction]
        names = ", ".join(str(track.frame) for track in frames)
        if not frames:
            words = f"No {direction.value} frame of this volcano was asked for."
        elif all(track.is_absent for track in frames):
            words = f"No source has its {direction.value} frames ({names})."
        else:
            words = f"No {direction.value} pair could be scored ({names})."
        return Side(direction.value, None, words, "no data")
