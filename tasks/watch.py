"""Watch one volcano between two dates: the steps in their order, with or without Prefect.

The flows hand in the Prefect tasks, tests and the dry run the plain functions: the wiring is here
once, and runs the same both ways.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from catalogs.home.home import home_of, only_writer, open_home
from catalogs.portal.listing import PairEntry
from catalogs.records import DatePair, FrameId, Volcano
from catalogs.settings import Settings
from catalogs.world.volcanoes import find_volcano, select_frames
from fringewatch.errors import BadInputError
from tasks.ingest.discover import discover_frame, preview_frame
from tasks.ingest.download import download_pairs
from tasks.ingest.tile import tile_pairs
from tasks.ingest.tile_workers import workers_on_demand
from tasks.judge.detect import method_of
from tasks.judge.models import model_of
from tasks.judge.score import score_frame
from tasks.publish import publish_volcano
from tasks.records import (
    BatchReport,
    FramePlan,
    FrameRequest,
    Outcome,
    Problem,
    Published,
    RunReport,
)


@dataclass(frozen=True)
class WatchRequest:
    """One volcano, its frames, and two dates, both included."""

    volcano: Volcano
    frames: tuple[FrameId, ...]
    start: dt.date
    end: dt.date
    frames_named: bool = False
    """Whether a person named the frames: one that no source has is then a problem, not a note."""
    scheduled: bool = False
    """Whether nobody waits for it: see `FrameRequest`."""

    def of_frame(self, frame: FrameId) -> FrameRequest:
        """Return the part of the request that concerns one frame."""
        return FrameRequest(self.volcano, frame, self.start, self.end, self.scheduled)


@dataclass(frozen=True)
class Steps:
    """The steps of a run: plain functions, or the Prefect tasks of the same signatures."""

    discover: Callable[[FrameRequest, Settings], FramePlan] = discover_frame
    download: Callable[[FrameRequest, Sequence[PairEntry], Settings], BatchReport] = download_pairs
    tile: Callable[[FrameRequest, Sequence[DatePair], Settings], BatchReport] = tile_pairs
    score: Callable[[FrameRequest, Settings], BatchReport] = score_frame
    publish: Callable[[Volcano, tuple[FrameId, ...], Settings], Published | None] = publish_volcano


def parse_request(
    volcano: str, start: dt.date, end: dt.date, frames: Sequence[str] = ()
) -> WatchRequest:
    """Return the request that a person's words mean; no frames means all of the volcano's.

    Raises
    ------
    BadInputError
        If the volcano or a frame is unknown, or the dates are reversed or the same.
    """
    found = find_volcano(volcano)
    if start >= end:
        message = f"the start {start} must be before the end {end}: a pair needs two dates"
        raise BadInputError(message)
    return WatchRequest(found, select_frames(found, frames), start, end, bool(frames))


def preview_volcano(request: WatchRequest, settings: Settings) -> tuple[FramePlan, ...]:
    """Return, frame by frame, what `watch_volcano` would fetch; writes nothing."""
    return tuple(preview_frame(request.of_frame(frame), settings) for frame in request.frames)


def watch_volcano(
    request: WatchRequest, settings: Settings, steps: Steps | None = None
) -> RunReport:
    """Return what was done to bring the volcano's tables up to the request.

    What is in the cube, scored and in the tables already is left as it is. A pair or a frame that
    cannot be had becomes a problem of the report; the rest goes on.

    Raises
    ------
    ModelError
        If the model is unknown or damaged: before anything is fetched.
    BadInputError
        If the method of the settings has no such option: before anything is fetched.
    HomeError
        If the home or its storage cannot be used, is held by another run, or its disk is full.
    StoreError
        If a cube, a table or the ledger is damaged.
    """
    steps = steps or Steps()
    home = open_home(home_of(settings))
    model_of(settings)
    method_of(settings)
    with only_writer(home), workers_on_demand(settings) as demand_workers:
        plans: list[FramePlan] = []
        problems: list[Problem] = []
        fetched = scored = 0
        for frame in request.frames:
            part = request.of_frame(frame)
            plan = steps.discover(part, settings)
            plans.append(plan)
            problems += plan.problems
            if plan.absent and request.frames_named:
                problems.append(Problem(frame, None, plan.absent))
            demand_workers(len(plan.to_fetch))
            for first in range(0, len(plan.to_fetch), settings.pairs_per_batch):
                batch = plan.to_fetch[first : first + settings.pairs_per_batch]
                downloaded = steps.download(part, batch, settings)
                tiled = steps.tile(part, downloaded.done, settings)
                fetched += len(tiled.done)
                problems += [*downloaded.problems, *tiled.problems]
            scored += len(steps.score(part, settings).done)
        published = steps.publish(request.volcano, request.frames, settings)
    return _report(request, plans, (fetched, scored), problems, published)


def _report(
    request: WatchRequest,
    plans: Sequence[FramePlan],
    counts: tuple[int, int],
    problems: Sequence[Problem],
    published: Published | None,
) -> RunReport:
    wanted = set(request.frames)
    in_table = sum(
        frame in wanted and pair.lies_in(request.start, request.end)
        for frame, pair in (published.pairs if published else ())
    )
    answered = [plan for plan in plans if plan.source is not None]
    if not answered or not in_table:
        outcome = Outcome.NOTHING
    else:
        outcome = Outcome.PARTIAL if problems else Outcome.DONE
    return RunReport(
        volcano=request.volcano.slug,
        outcome=outcome,
        listed=sum(len(plan.listed) for plan in plans),
        fetched=counts[0],
        scored=counts[1],
        in_table=in_table,
        problems=tuple(problems),
        published=published,
        notes=tuple(_notes(request, plans)),
    )


def _notes(request: WatchRequest, plans: Sequence[FramePlan]) -> Iterable[str]:
    for frame, plan in zip(request.frames, plans, strict=True):
        if plan.absent and not request.frames_named:
            yield plan.absent
        yield from plan.notes
        if plan.source is None or plan.listed:
            continue
        if plan.newest is None:
            yield f"{frame}: {plan.source} lists no pairs at all: the frame may be lost or moving"
        else:
            yield (
                f"{frame}: no pairs between {request.start} and {request.end}; the newest pair at "
                f"{plan.source} is {plan.newest}"
            )
