"""Watch one volcano between two dates: the steps in their order, with or without Prefect.

The flows hand in the Prefect tasks, tests and the dry run the plain functions: the wiring is here
once, and runs the same both ways.
"""

import datetime as dt
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields, replace

from catalogs.home.home import home_of, only_writer, open_home
from catalogs.home.reading import find_home
from catalogs.ledger.ledger import open_ledger
from catalogs.places import catalogue_of, place_notes
from catalogs.portal.listing import PairEntry
from catalogs.records import DatePair, FrameId, Volcano
from catalogs.settings import Settings
from catalogs.world.volcanoes import select_frames, shipped_catalogue
from fringewatch.errors import (
    BadInputError,
    FringewatchError,
    HomeError,
    LedgerError,
    ModelError,
    NoHomeError,
    TryLaterError,
    UnforeseenError,
)
from tasks.ingest.discover import discover_frame, preview_frame
from tasks.ingest.download import download_pairs
from tasks.ingest.frame_delays import bring_delays
from tasks.ingest.frame_layers import bring_layers
from tasks.ingest.lost import lacks_pairs, said_of_lost, wanted_back
from tasks.ingest.tile import tile_pairs
from tasks.ingest.tile_workers import workers_on_demand
from tasks.judge.correct import correct_frame
from tasks.judge.detect import method_of
from tasks.judge.models import judging_model
from tasks.judge.rates import measure_frame
from tasks.judge.score import score_frame
from tasks.publish import publish_volcano
from tasks.records import (
    BatchReport,
    FramePlan,
    FrameRequest,
    Problem,
    Published,
    RunReport,
    WatchRequest,
)
from tasks.run_outcome import FrameRun, report_of
from tasks.step_failures import named_step

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class Steps:
    """The steps of a run: plain functions, or the Prefect tasks of the same signatures."""

    discover: Callable[[FrameRequest, Settings], FramePlan] = discover_frame
    download: Callable[[FrameRequest, Sequence[PairEntry], Settings], BatchReport] = download_pairs
    tile: Callable[[FrameRequest, Sequence[DatePair], Settings], BatchReport] = tile_pairs
    layers: Callable[[FrameRequest, Settings], tuple[str, ...]] = bring_layers
    delays: Callable[[FrameRequest, Settings], tuple[str, ...]] = bring_delays
    correct: Callable[[FrameRequest, Settings], BatchReport] = correct_frame
    score: Callable[[FrameRequest, Settings], BatchReport] = score_frame
    rates: Callable[[FrameRequest, Settings], BatchReport] = measure_frame
    publish: Callable[[Volcano, tuple[FrameId, ...], Settings], Published | None] = publish_volcano

    def named(self) -> "Steps":
        """Return the same steps, each of which says its name when it fails (`named_step`)."""
        named = {
            each.name: named_step(each.name, getattr(self, each.name)) for each in fields(self)
        }
        return Steps(**named)


def parse_request(
    volcano: str,
    start: dt.date,
    end: dt.date,
    frames: Sequence[str] = (),
    settings: Settings | None = None,
) -> WatchRequest:
    """Return the request that a person's words mean; no frames means all of the volcano's.

    The volcano is one of the catalogue, or of the places in `settings`.

    Raises
    ------
    BadInputError
        If the volcano or a frame is unknown, or the dates are reversed or the same.
    """
    catalogue = catalogue_of(settings) if settings else shipped_catalogue()
    found = catalogue.find(volcano)
    if start >= end:
        message = f"the start {start} must be before the end {end}: a pair needs two dates"
        raise BadInputError(message)
    notes = place_notes(settings, found) if settings else ()
    chosen = select_frames(found, frames)
    return WatchRequest(found, chosen, start, end, bool(frames), notes=notes)


def preview_volcano(request: WatchRequest, settings: Settings) -> tuple[FramePlan, ...]:
    """Return, frame by frame, what `watch_volcano` would fetch; writes nothing.

    Raises
    ------
    HomeError, LedgerError
        If there is a home that a run would refuse.
    """
    with suppress(NoHomeError):
        find_home(home_of(settings))
    return tuple(preview_frame(request.of_frame(frame), settings) for frame in request.frames)


def watch_volcano(
    request: WatchRequest, settings: Settings, steps: Steps | None = None
) -> RunReport:
    """Return what was done to bring the volcano's tables up to the request.

    What is in the cube, scored and in the tables already is left as it is. A pair or a frame that
    cannot be had, or whose cube is damaged, becomes a problem of the report; the rest goes on, also
    after a failure that nobody foresaw: the outcome then says that there was a bug. If another run
    writes to the home, this one waits for it as long as the settings say.

    Pairs that were here and are not any more are brought whatever their dates and frame. Until all
    are back the run is partial, and no date that rests on them is called quiet.

    Raises
    ------
    ModelError
        If the model is unknown or damaged: before anything is fetched.
    BadInputError
        If the method of the settings has no such option, or the volcano's own threshold is of no
        use to the model: before anything is fetched.
    HomeError
        If the home or its storage cannot be used; a `TryLaterError` besides if another run holds
        it, its disk is full, or its storage gives no answer.
    StoreError
        If the cubes of all frames, a table or the ledger are damaged.
    PluginError
        If a detector of another package failed at all frames, or a date method of one at the dates.
    UnforeseenError
        If there was a bug in every frame, or in what comes after them; its traceback is in the log.
    """
    steps = (steps or Steps()).named()
    home = open_home(home_of(settings))
    judging_model(settings, request.volcano.slug)
    method_of(settings.for_volcano(request.volcano.slug))
    busy_wait = settings.busy_wait_minutes
    with only_writer(home, busy_wait), workers_on_demand(settings) as demand_workers:
        parts = [
            _watch_frame(request.of_frame(frame), settings, steps, demand_workers)
            for frame in request.frames
        ]
        errors = [part.error for part in parts if part.error is not None]
        if len(errors) == len(parts):
            raise next((each for each in errors if isinstance(each, UnforeseenError)), errors[0])
        others = _watch_others(request, settings, steps, demand_workers)
        published = steps.publish(request.volcano, request.frames, settings)
    return report_of(request, parts, others, published)


def _watch_frame(
    part: FrameRequest, settings: Settings, steps: Steps, demand_workers: Callable[[int], None]
) -> FrameRun:
    """Bring one frame up to the request; what is wrong with it alone does not end the others."""
    plan, fetched, scored = FramePlan(None), 0, 0
    problems: list[Problem] = []
    ended: FringewatchError | None = None
    try:
        if not part.lost_alone or lacks_pairs(part, settings):
            plan = steps.discover(part, settings)
        problems += plan.problems
        demand_workers(len(plan.to_fetch))
        for first in range(0, len(plan.to_fetch), settings.pairs_per_batch):
            batch = plan.to_fetch[first : first + settings.pairs_per_batch]
            downloaded = steps.download(part, batch, settings)
            tiled = steps.tile(part, downloaded.done, settings)
            fetched += len(tiled.done)
            problems += [*downloaded.problems, *tiled.problems]
        if plan.source is not None:
            plan = replace(plan, notes=(*plan.notes, *steps.layers(part, settings)))
            plan = replace(plan, notes=(*plan.notes, *steps.delays(part, settings)))
        problems += steps.correct(part, settings).problems
        scoring = steps.score(part, settings)
        scored, problems = len(scoring.done), [*problems, *scoring.problems]
        problems += steps.rates(part, settings).problems
        still_lost, notes = said_of_lost(part, settings)
        problems += still_lost
        plan = replace(plan, notes=(*plan.notes, *notes))
    except (HomeError, LedgerError, ModelError, TryLaterError):
        raise  # the next frame would fare no better
    except FringewatchError as error:
        _LOGGER.error("%s %s: %s", part.volcano.slug, part.frame, error)  # noqa: TRY400 - plainly
        problems.append(Problem(part.frame, None, str(error)))
        ended = error
    return FrameRun(plan, fetched, scored, tuple(problems), ended)


def _watch_others(
    request: WatchRequest, settings: Settings, steps: Steps, demand_workers: Callable[[int], None]
) -> list[FrameRun]:
    """Correct and score what the cubes of other frames hold: it is in the tables too.

    So they say the same whichever frames a run is about, also after a change of model or settings.
    Of these frames nothing is asked for but what was here and is not any more.
    """
    slug = request.volcano.slug
    with open_ledger(home_of(settings).ledger) as ledger:
        lost = {each.frame for each in wanted_back(ledger, slug, settings.volcano.get(slug))}
        others = {*ledger.tiled_frames(slug), *lost} - {*request.frames}
    parts = (request.of_frame(frame, lost_alone=True) for frame in sorted(others))
    return [_watch_frame(part, settings, steps, demand_workers) for part in parts]
