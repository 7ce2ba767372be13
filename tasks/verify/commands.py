"""What to run after a verification, word for word."""

from collections.abc import Iterable, Sequence

from catalogs.records import DatePair, FrameId
from tasks.verify.records import REPAIRABLE, FrameCheck


def next_commands(
    volcano: str, checks: Sequence[FrameCheck], published: Iterable[tuple[FrameId, DatePair]]
) -> tuple[str, ...]:
    """Return the commands that settle what `checks` found, in their order.

    Parameters
    ----------
    volcano
        Whose frames were checked.
    checks
        What was found, and what of it was repaired.
    published
        The pairs of tables that have to be written anew; empty if the tables are right.
    """
    commands = []
    if any(
        found.kind in REPAIRABLE and found.repaired is None
        for check in checks
        for found in check.differences
    ):
        commands.append(f"fringewatch verify {volcano} --repair")
    wanted = {(check.frame, pair) for check in checks for pair in check.to_fetch}
    commands += _backfill(volcano, {*wanted, *published})
    others: dict[str, set[tuple[FrameId, DatePair]]] = {}
    for check in checks:
        for other in check.also_in:
            others.setdefault(other, set()).update((check.frame, pair) for pair in check.to_fetch)
    for other in sorted(others):
        commands += _backfill(other, others[other])
    return tuple(commands)


def _backfill(volcano: str, wanted: set[tuple[FrameId, DatePair]]) -> list[str]:
    """Return the one backfill over the dates and frames of what is wanted; none for nothing."""
    if not wanted:
        return []
    start = min(pair.primary for _, pair in wanted)
    end = max(pair.secondary for _, pair in wanted)
    frames = " ".join(f"--frame {frame}" for frame in sorted({frame for frame, _ in wanted}))
    return [f"fringewatch backfill {volcano} --start {start} --end {end} {frames}"]
