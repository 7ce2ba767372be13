"""Verify: is what is here what the ledger says, and is it what the source has."""

from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import Final

from prefect import task

from catalogs.home.home import Home, home_of, only_writer
from catalogs.home.reading import find_home, read_ledger
from catalogs.ledger.ledger import Ledger, open_ledger
from catalogs.portal.client import Portal
from catalogs.records import DatePair, FrameId, ModelId, Volcano
from catalogs.settings import Settings
from fringewatch.errors import HomeError
from tasks.ingest.discover import open_portal
from tasks.judge.models import model_of
from tasks.records import Outcome
from tasks.verify.commands import next_commands
from tasks.verify.local import FrameMemory, check_cube, check_granules, check_tables
from tasks.verify.records import Difference, DifferenceKind, FrameCheck, VerifyReport
from tasks.verify.remote import NEWEST_PAIRS, RemoteCheck, check_source
from tasks.verify.repair import repair_frame

_UNSOUND: Final = (DifferenceKind.DAMAGED, DifferenceKind.LOST)
_FOR_A_BACKFILL: Final = frozenset(
    {*_UNSOUND, DifferenceKind.CHANGED, DifferenceKind.NOT_HERE, DifferenceKind.UNKNOWN_PAIR}
)


def verify_volcano(
    volcano: Volcano,
    frames: tuple[FrameId, ...],
    settings: Settings,
    *,
    repair: bool = False,
    newest_pairs: int | None = NEWEST_PAIRS,
) -> VerifyReport:
    """Return where cubes, files and tables of a volcano differ from the ledger and the source.

    Every pair of the cubes is decoded and hashed. Each frame is listed once, and the source is
    asked for size and time of the files of the newest pairs. Nothing is written unless `repair`
    says so: then tiles that are damaged are forgotten in the ledger so that the next backfill
    fetches them, those whose file is another one upstream are marked and stay until the new file
    has proved good, and left-over files are removed. What is gone upstream stays. The report names
    the commands to run next.

    The outcome is partial if anything differs or the source gave no answer (what is here is
    verified all the same), and nothing if the volcano was never fetched.

    Parameters
    ----------
    volcano
        Whose cubes and tables.
    frames
        Which of its frames; empty for all that the catalogue or the ledger knows.
    settings
        Name the home, the portal and the model.
    repair
        Whether to act on what is found; the home is then held as for a run.
    newest_pairs
        So many pairs of each frame are compared with the source; None for all.

    Raises
    ------
    HomeError
        If there is no home or no ledger, or, with `repair`, another run holds the home.
    StoreError
        If the ledger is damaged.
    ModelError
        If the model, whose tables these are, is unknown.
    """
    home = find_home(home_of(settings))
    with only_writer(home, settings.busy_wait_minutes) if repair else nullcontext():
        ledger = read_ledger(home.ledger)
        if ledger is None:
            message = f"the home {home.root} has no ledger: run `fringewatch backfill` first"
            raise HomeError(message)
        detector = model_of(settings)
        model = ModelId(detector.name, detector.sha256)
        checks = []
        with ledger, open_portal(settings) as portal:
            known = (*volcano.frames, *ledger.tiled_frames(volcano.slug))
            for frame in frames or dict.fromkeys(known):
                memory = FrameMemory.read(ledger, volcano.slug, frame)
                winner = ledger.recall(frame)
                if winner is not None:  # for this run: the ledger itself is not written to
                    portal.memory.remember(frame, winner)
                if not _is_untouched(home, memory):
                    local = _check_local(home, memory, settings)
                    remote = _check_remote(portal, memory, local, newest_pairs)
                    check = _combine(memory, local, remote, home if repair else None)
                    checks.append(replace(check, also_in=_also_in(ledger, volcano.slug, check)))
            scored = ledger.scored_pairs(volcano.slug, model)
            tables = check_tables(home.detections(volcano.slug), scored, model)
    published = [(row.frame, row.pair) for row in scored] if tables else []
    return _report(volcano.slug, checks, tables, next_commands(volcano.slug, checks, published))


verify_task = task(name="verify")(verify_volcano)


def _is_untouched(home: Home, memory: FrameMemory) -> bool:
    return memory.is_empty and not (
        home.granules(memory.frame).exists() or home.cube(memory.volcano, memory.frame).is_folder()
    )


def _check_local(home: Home, memory: FrameMemory, settings: Settings) -> tuple[Difference, ...]:
    in_cube = check_cube(home, memory)
    unsound = {found.pair for found in in_cube if found.kind in _UNSOUND}
    cube_opens = all(found.kind is not DifferenceKind.BAD_CUBE for found in in_cube)
    settled = memory.tiled - unsound if cube_opens else frozenset()
    return in_cube + check_granules(home, memory, settled, kept=settings.keep_granules)


def _check_remote(
    portal: Portal, memory: FrameMemory, local: Iterable[Difference], newest_pairs: int | None
) -> RemoteCheck:
    """What the source says of the pairs, and of those that the ledger does not know."""
    unknown = {
        found.pair
        for found in local
        if found.kind is DifferenceKind.UNKNOWN_PAIR and found.pair is not None
    }
    return check_source(portal, memory, unknown, newest_pairs)


def _combine(
    memory: FrameMemory, local: Iterable[Difference], remote: RemoteCheck, to_repair: Home | None
) -> FrameCheck:
    """Return both checks as one; with a home `to_repair`, what was found is repaired there."""
    if remote.all_answered:
        gone = memory.tiled - set(remote.listed)
    else:
        gone = frozenset(row.pair for row in memory.pairs if row.gone_since is not None)
    found = (*(_for_good(difference, gone) for difference in local), *remote.differences)
    if to_repair is not None:
        with open_ledger(to_repair.ledger) as ledger:
            found = repair_frame(to_repair, ledger, memory, found, remote)
    return FrameCheck(
        memory.frame,
        tiled=len(memory.tiles),
        listed=None if remote.source is None else len(remote.listed),
        files_asked=remote.files_asked,
        differences=found,
        unreachable=remote.unreachable,
        notes=remote.notes,
        to_fetch=_to_fetch(memory, found),
    )


def _for_good(found: Difference, gone: frozenset[DatePair]) -> Difference:
    """A pair that cannot be fetched again is left for a person with a backup."""
    if found.kind not in _UNSOUND or found.pair not in gone:
        return found
    reason = f"{found.reason}; no source has it any more: restore the cube from a backup"
    return replace(found, kind=DifferenceKind.LOST_FOR_GOOD, reason=reason)


def _also_in(ledger: Ledger, volcano: str, check: FrameCheck) -> tuple[str, ...]:
    changed = {found.pair for found in check.of_kind(DifferenceKind.CHANGED)}
    return tuple(
        other
        for other in ledger.volcanoes()
        if other != volcano and not changed.isdisjoint(ledger.tiled_pairs(other, check.frame))
    )


def _to_fetch(memory: FrameMemory, found: Iterable[Difference]) -> tuple[DatePair, ...]:
    pairs: set[DatePair] = set()
    for difference in found:
        if difference.kind is DifferenceKind.BAD_CUBE:
            pairs |= memory.tiled
        elif difference.kind in _FOR_A_BACKFILL and difference.pair is not None:
            pairs.add(difference.pair)
    return tuple(sorted(pairs))


def _report(
    volcano: str,
    checks: Sequence[FrameCheck],
    tables: tuple[Difference, ...],
    commands: tuple[str, ...],
) -> VerifyReport:
    """The report of a volcano from the checks of its frames."""
    if not checks:
        note = f"{volcano} was never fetched into this home: there is nothing to verify"
        return VerifyReport(volcano, Outcome.NOTHING, tables=tables, notes=(note,))
    is_clean = not tables and not any(check.differences or check.unreachable for check in checks)
    outcome = Outcome.DONE if is_clean else Outcome.PARTIAL
    return VerifyReport(volcano, outcome, tuple(checks), tables, commands)
