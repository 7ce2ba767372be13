"""Verify: is what is here sound, and is it still what the source has."""

import logging
from pathlib import Path

from prefect import flow

from catalogs.home.home import home_of
from catalogs.home.reading import find_home, kept_ledger
from catalogs.places import catalogue_of
from catalogs.settings import Settings
from flows.run_log import RUN_LOG
from flows.run_settings import run_settings
from flows.steps import error_of, partial, try_later_named
from fringewatch.errors import BadInputError, NoHomeError
from tasks.night import report_failure
from tasks.records import Outcome, whole_outcome
from tasks.verify.records import VerifyReport
from tasks.verify.remote import NEWEST_PAIRS
from tasks.verify.volcano import verify_task

_LOGGER = logging.getLogger(__name__)


@flow(name="verify", **RUN_LOG)
@try_later_named
def verify(
    volcano: str | None = None,
    *,
    repair: bool = False,
    newest_pairs: int | None = NEWEST_PAIRS,
    portal: list[str] | None = None,
    home: Path | None = None,
    model: str | None = None,
) -> list[VerifyReport]:
    """Verify one volcano, or all of the home; return a report for each.

    One volcano that cannot be verified does not stop the others. The run ends as *Partial* when
    anything differs or a source gave no answer.

    Parameters
    ----------
    volcano
        Name, slug or GVP number; all that have a cube in the home if none is given.
    repair
        Forget damaged and changed tiles, so that the next backfill fetches them, and remove
        left-over files; without it nothing is written.
    newest_pairs
        So many pairs of each frame are compared with the source, file by file; none for all.
    portal, home, model
        As for a backfill.

    Raises
    ------
    NoHomeError
        If there is no home, or it has no cube of any volcano.
    BadInputError
        If the volcano is unknown, or `newest_pairs` is negative.
    TryLaterError
        If the home stopped one of them (another run holds it, its disk is full, its storage gives
        no answer), or none could be verified for such a reason.
    UnforeseenError
        If one of them met a bug.
    """
    if newest_pairs is not None and newest_pairs < 0:
        message = f"newest_pairs is {newest_pairs}: give 0 or more, or none for all pairs"
        raise BadInputError(message)
    settings = run_settings(portal=portal or None, home=home, model=model)
    find_home(home_of(settings))
    slugs = [catalogue_of(settings).find(volcano).slug] if volcano else _with_a_cube(settings)
    reports = [
        _verify_one(slug, settings, repair=repair, newest_pairs=newest_pairs) for slug in slugs
    ]
    stopped = any(report.home_stopped for report in reports)
    outcome = whole_outcome([report.outcome for report in reports], home_stopped=stopped)
    if outcome in {Outcome.FAILED, Outcome.LATER}:
        raise error_of(outcome)(*(line for r in reports for line in r.lines()))
    if outcome is Outcome.DONE:
        return reports
    sound = sum(report.outcome is Outcome.DONE for report in reports)
    return partial(reports, f"{sound} of {len(reports)} as they should be")


def _with_a_cube(settings: Settings) -> list[str]:
    with kept_ledger(find_home(home_of(settings))) as ledger:
        slugs = sorted({*ledger.volcanoes(), *ledger.volcanoes_with_lost_pairs()})
    if not slugs:
        message = f"the home {settings.home} has no cube of any volcano: there is nothing to verify"
        raise NoHomeError(message)
    return slugs


def _verify_one(
    slug: str, settings: Settings, *, repair: bool, newest_pairs: int | None
) -> VerifyReport:
    """The report of one volcano, whatever happens to it."""
    try:
        return verify_task(
            catalogue_of(settings).find(slug),
            (),
            settings,
            repair=repair,
            newest_pairs=newest_pairs,
        )
    except Exception as error:  # noqa: BLE001 - whatever it is, the others are verified
        failure = report_failure(slug, error, _LOGGER)
        return VerifyReport(
            slug, failure.outcome, notes=failure.notes, home_stopped=failure.home_stopped
        )
