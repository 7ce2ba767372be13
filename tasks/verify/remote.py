"""Verify what is here against its source: one listing, and a question for each of some files."""

import datetime as dt
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from catalogs.ledger.rows import FileRow, FileState
from catalogs.portal.ask_version import ask_file_version
from catalogs.portal.client import Portal
from catalogs.portal.file_version import FileVersion
from catalogs.portal.listing import PairEntry
from catalogs.records import DatePair, FrameId, Product
from fringewatch.errors import MissingProductError, SourceUnavailableError
from tasks.progress import report_progress
from tasks.status.coverage import in_span
from tasks.verify.local import FrameMemory
from tasks.verify.records import Difference, DifferenceKind

NEWEST_PAIRS: Final = 24
"""Pairs whose files the source is asked about by default: two requests each, one at a time."""

_FAILURES_IN_A_ROW: Final = 3
_KNOWN_REASONS: Final = (FileState.MISSING, FileState.REJECTED)


@dataclass(frozen=True)
class RemoteCheck:
    """What the source says of a frame, beside what the ledger says."""

    source: str | None = None
    """The root that listed the frame; None if none did."""
    listed: tuple[DatePair, ...] = ()
    all_answered: bool = False
    """Whether every root answered: only then is a pair that is not listed gone."""
    files_asked: int = 0
    differences: tuple[Difference, ...] = ()
    unreachable: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass
class _Answers:
    """What was heard so far; a source that is down is not asked for every file."""

    differences: list[Difference] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unreachable: list[str] = field(default_factory=list)
    files_asked: int = 0
    failures_in_a_row: int = 0


def check_source(
    portal: Portal, memory: FrameMemory, in_cube: Collection[DatePair], newest_pairs: int | None
) -> RemoteCheck:
    """Return where the source and the ledger disagree; a source without answer is said, not raised.

    Parameters
    ----------
    portal
        Who is asked: once for the listing, then once for each file.
    memory
        What the ledger says of the frame.
    in_cube
        Pairs that the cube holds, whatever the ledger says of them.
    newest_pairs
        Only the files of so many pairs are compared, the newest ones; None for all.
    """
    frame = memory.frame
    try:
        listing = portal.list_pairs(frame)
    except (SourceUnavailableError, MissingProductError) as error:
        return RemoteCheck(unreachable=(str(error),))
    entries = {entry.pair: entry for entry in listing.entries}
    if not entries:
        reason = f"{listing.root} lists no pair at all: the frame may be lost or moving"
        return RemoteCheck(unreachable=(reason,))
    answers = _Answers()
    answers.unreachable += [
        f"{answer.root} gave no listing, it may have more ({answer.reason})"
        for answer in listing.unavailable
    ]
    _compare_listing(memory, entries, in_cube, answers)
    if not listing.unavailable:
        _find_vanished(memory, entries, answers)
    rows = _rows_to_ask(memory, entries, newest_pairs)
    for count, row in enumerate(rows, start=1):
        _ask_row(portal, frame, entries[row.pair], row, answers)
        if answers.failures_in_a_row == _FAILURES_IN_A_ROW:
            answers.unreachable.append(f"{len(rows) - count} more files were not asked for")
            break
        report_progress(f"{frame}: comparing with the source", count, len(rows))
    return RemoteCheck(
        listing.root,
        tuple(sorted(entries)),
        not listing.unavailable,
        answers.files_asked,
        tuple(answers.differences),
        tuple(answers.unreachable),
        tuple(answers.notes),
    )


def _compare_listing(
    memory: FrameMemory,
    listed: Collection[DatePair],
    in_cube: Collection[DatePair],
    answers: _Answers,
) -> None:
    """Add to the answers what the source lists and is not here."""
    tiled = memory.tiled
    brought = {*tiled, *(pair for pair, _ in memory.files)}
    absent = set(listed) - tiled - set(in_cube)
    wanted = in_span(absent, brought)
    for pair in wanted:
        known = " and ".join(_known_reasons(memory.files, pair))
        if known:
            answers.notes.append(f"{pair} is not here: {known}")
        else:
            reason = "it lies between dates that were brought, and was not"
            answers.differences.append(Difference(DifferenceKind.NOT_HERE, reason, pair))
    if len(absent) > len(wanted):
        outside = len(absent) - len(wanted)
        answers.notes.append(f"{outside} listed pairs lie outside the dates that were asked for")


def _find_vanished(memory: FrameMemory, listed: Collection[DatePair], answers: _Answers) -> None:
    gone_since = {row.pair: row.gone_since for row in memory.pairs}
    for pair in sorted(memory.tiled - set(listed)):
        since = gone_since.get(pair)
        if since is None:
            reason = "no source lists it any more; what is here stays"
            answers.differences.append(Difference(DifferenceKind.VANISHED, reason, pair))
        else:
            answers.notes.append(f"{pair} is gone upstream since {since:%Y-%m-%d}; kept here")


def _known_reasons(
    files: Mapping[tuple[DatePair, Product], FileRow], pair: DatePair
) -> Iterator[str]:
    for product in Product:
        row = files.get((pair, product))
        if row is not None and row.state in _KNOWN_REASONS:
            again = f"{row.next_attempt:%Y-%m-%d %H:%M} UTC" if row.next_attempt else "the next run"
            yield f"{product.value} {row.state.value} ({row.reason}), asked again from {again}"


def _rows_to_ask(
    memory: FrameMemory, listed: Collection[DatePair], newest_pairs: int | None
) -> list[FileRow]:
    """The files behind the newest pairs of the cube that are listed, newest first."""
    pairs = sorted(memory.tiled & set(listed), key=lambda p: (p.secondary, p.primary), reverse=True)
    rows = (
        memory.files.get((pair, product)) for pair in pairs[:newest_pairs] for product in Product
    )
    return [row for row in rows if row is not None and row.state is FileState.FETCHED and row.url]


def _ask_row(
    portal: Portal, frame: FrameId, entry: PairEntry, row: FileRow, answers: _Answers
) -> None:
    """Add to the answers what the source says of one file that was fetched."""
    try:
        version, url = _find_version(portal, frame, entry, row)
    except MissingProductError as error:
        answers.failures_in_a_row = 0
        answers.notes.append(f"{row.pair} {row.product.value} is kept here: {error}")
        return
    except SourceUnavailableError as error:
        answers.failures_in_a_row += 1
        answers.unreachable.append(str(error))
        return
    answers.failures_in_a_row = 0
    answers.files_asked += 1
    change = _change(row, version, is_moved=url != row.url)
    if change is not None:
        found = Difference(DifferenceKind.CHANGED, change, row.pair, row.product)
        answers.differences.append(found)


def _find_version(
    portal: Portal, frame: FrameId, entry: PairEntry, row: FileRow
) -> tuple[FileVersion, str]:
    """Ask where the file was fetched; if it is not there, where the manifest says it is now."""
    fetched_from = str(row.url)
    try:
        return ask_file_version(portal.session, fetched_from), fetched_from
    except MissingProductError:
        remote = portal.read_manifest(frame, entry).get(row.product)
        if remote is None or remote.url == fetched_from:
            raise
        return ask_file_version(portal.session, remote.url), remote.url


def _change(row: FileRow, version: FileVersion, *, is_moved: bool) -> str | None:
    """Say how the source's file differs from what was fetched; None if it does not.

    Any other time counts, an older one too: files are replaced from copies that keep theirs. A
    file that moved to another host has that copy's time, so that there only the size counts.
    """
    sizes = (row.size, version.total_bytes)
    if None not in sizes and row.size != version.total_bytes:
        return f"it has {version.total_bytes} bytes now, {row.size} were fetched"
    now, then = _said(version.modified), _said(row.last_modified)
    if not is_moved and now and then and now != then:
        return f"it is of {now} now, what was fetched is of {then}"
    return None


def _said(time: dt.datetime | None) -> str | None:
    """A time to the second, as the ledger keeps it and as servers say it."""
    return f"{time:%Y-%m-%d %H:%M:%S} UTC" if time else None
