"""How a run ended: its report and its outcome, from what became of each frame."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fringewatch.errors import FringewatchError, UnforeseenError
from tasks.records import FramePlan, Outcome, Problem, Published, RunReport, WatchRequest


@dataclass(frozen=True)
class FrameRun:
    """What became of one frame."""

    plan: FramePlan
    fetched: int = 0
    scored: int = 0
    problems: tuple[Problem, ...] = ()
    error: FringewatchError | None = None
    """What ended it; one of the problems says so."""


def report_of(
    request: WatchRequest,
    parts: Sequence[FrameRun],
    others: Sequence[FrameRun],
    published: Published | None,
) -> RunReport:
    """Return the report of a run from what became of its frames.

    Parameters
    ----------
    parts
        What became of the frames of the request, in its order.
    others
        What became of the other frames that the home has of the volcano.
    published
        What was written; None where there was nothing to write.
    """
    wanted = set(request.frames)
    in_table = sum(
        frame in wanted and pair.lies_in(request.start, request.end)
        for frame, pair in (published.pairs if published else ())
    )
    plans = [part.plan for part in parts]
    every = (*parts, *others)
    fetched = sum(part.fetched for part in every)
    problems = [problem for part in every for problem in part.problems]
    is_bug = any(isinstance(part.error, UnforeseenError) for part in every)
    if request.frames_named:
        absent = zip(request.frames, plans, strict=True)
        problems += [Problem(frame, None, plan.absent) for frame, plan in absent if plan.absent]
    return RunReport(
        volcano=request.volcano.slug,
        outcome=Outcome.FAILED
        if is_bug
        else _outcome(request, plans, problems, in_table if published else None, fetched),
        listed=sum(len(plan.listed) for plan in plans),
        fetched=fetched,
        scored=sum(part.scored for part in every),
        in_table=in_table,
        problems=tuple(problems),
        published=published,
        notes=(*_notes(request, plans), *(note for run in others for note in run.plan.notes)),
    )


def _outcome(
    request: WatchRequest,
    plans: Sequence[FramePlan],
    problems: Sequence[Problem],
    in_table: int | None,
    fetched: int,
) -> Outcome:
    """How the run ended; `in_table` is None where there is no table at all.

    Where there is nothing to be had there are no pairs: those that came and are of no use are a
    gap, which a person has to hear of.
    """
    answered = [plan for plan in plans if plan.source is not None]
    if answered and in_table:
        return Outcome.PARTIAL if problems else Outcome.DONE
    if not fetched and any(problem.try_later for problem in problems):
        return Outcome.LATER
    absent = {plan.absent for plan in plans}
    has_pairs = any(plan.newest is not None for plan in answered)
    if has_pairs and any(problem.reason not in absent for problem in problems):
        return Outcome.PARTIAL
    # A night without pairs in its range is a night like any other.
    is_night = request.scheduled and has_pairs and in_table is not None
    return Outcome.DONE if not problems and (is_night or fetched) else Outcome.NOTHING


def _notes(request: WatchRequest, plans: Sequence[FramePlan]) -> Iterable[str]:
    """What a person may want to know of the run, beside its problems."""
    yield from request.notes
    for frame, plan in zip(request.frames, plans, strict=True):
        if plan.absent and not (request.frames_named or plan.absent_before):
            yield plan.absent
        yield from plan.notes
        if plan.source is None or plan.listed:
            continue
        if plan.newest is None and not plan.problems:
            yield f"{frame}: {plan.source} lists no pairs at all: the frame may be lost or moving"
        elif plan.newest is not None:
            yield (
                f"{frame}: no pairs between {request.start} and {request.end}; the newest pair at "
                f"{plan.source} is {plan.newest}"
            )
