"""The command by which people say what they see: kept, shown, and weighed at once."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from cyclopts import Parameter

from flows.cli.common import (
    NO_NEGATIVE,
    NOTHING_HAD,
    PARTIAL,
    HomeFolder,
    app,
    load,
    without_prefect,
)
from fringewatch.errors import BadInputError

if TYPE_CHECKING:
    from catalogs.ledger.review_rows import Statement
    from catalogs.records import Volcano
    from catalogs.settings import Settings

Flag = Annotated[bool, NO_NEGATIVE]


@Parameter(name="*")
@dataclass(frozen=True)
class SaidOptions:
    """What is said, one of these."""

    atmosphere: Flag = False
    """It is air: the pairs are no evidence from now on."""
    confirmed: Flag = False
    """The ground moved."""
    other: str | None = None
    """Something else, in a word of your own, such as snow; the evidence stays."""
    undo: Flag = False
    """Take back the newest review of it that stands."""

    @property
    def given(self) -> list[str]:
        """Names of those that are given."""
        named = {
            "--atmosphere": self.atmosphere,
            "--confirmed": self.confirmed,
            "--other": self.other is not None,
            "--undo": self.undo,
        }
        return [name for name, is_given in named.items() if is_given]


NOTHING_SAID: Final = SaidOptions()


@Parameter(name="*")
@dataclass(frozen=True)
class ExportOptions:
    """Labelled patches of what was reviewed."""

    export: Path | None = None
    """Write them to this file, for `probe` and `tune`."""
    add_to: Path | None = None
    """With the patches of this patch file before them."""


NO_EXPORT: Final = ExportOptions()


@app.command
def review(  # noqa: PLR0913 - the command's options
    volcano: str | None = None,
    subject: str | None = None,
    /,
    *,
    said: SaidOptions = NOTHING_SAID,
    by: str | None = None,
    note: str = "",
    list_: Annotated[bool, NO_NEGATIVE, Parameter(name="--list")] = False,
    patches: ExportOptions = NO_EXPORT,
    home: HomeFolder = None,
) -> int:
    """Say what a date, a pair or an episode shows; the dates are judged anew at once.

    `fringewatch review VOLCANO 2024-03-06 --atmosphere --by NS` gives a review, `--undo` takes the
    last one back, `--list` shows all that was ever said, `--export FILE` writes labelled patches.

    Parameters
    ----------
    volcano
        Name, slug or GVP number.
    subject
        A date (2024-03-06), a pair (20240211_20240306), or an episode (episode-2024-02-11).
    by
        Who says so: a name or initials.
    note
        Why, in a sentence.
    list_
        Show the reviews of the volcano, or of all.
    """
    settings = load((), home, None)
    if patches.export is not None:
        return _export(volcano, patches.export, patches.add_to, settings)
    if list_:
        return _list(volcano, settings)
    if volcano is None or subject is None or by is None:
        message = (
            "name the volcano, what you looked at (2024-03-06, 20240211_20240306 or "
            "episode-2024-02-11) and who you are (--by)"
        )
        raise BadInputError(message)
    if len(said.given) != 1:
        words = " and ".join(said.given) or "none of them"
        message = f"say one of --atmosphere, --confirmed, --other WORD or --undo, not {words}"
        raise BadInputError(message)
    from catalogs.places import catalogue_of

    found = catalogue_of(settings).find(volcano)
    with without_prefect(settings):
        return _give(found, subject, said, (by, note), settings)


def _give(
    volcano: "Volcano", subject: str, said: SaidOptions, by: tuple[str, str], settings: "Settings"
) -> int:
    """Give a review or take one back; `by` is who says so, and why."""
    from tasks.review.give import give_review, take_back

    if said.undo:
        given = take_back(volcano, subject, *by, settings)
    else:
        given = give_review(volcano, _statement(subject, said, *by), settings)
    print("\n".join(given.lines()))
    return 0 if _tell_everywhere(volcano, settings) else PARTIAL


def _tell_everywhere(volcano: "Volcano", settings: "Settings") -> bool:
    """Make page and exports anew, send what the review changed; whether all could be written."""
    from tasks.health.after_run import after_run
    from tasks.site.site import write_site
    from tasks.standards.write import write_exports

    problems: tuple[str, ...] = ()
    if settings.site:
        made = write_site(settings, {volcano.slug})
        print("\n".join(made.lines()))
        problems += made.problems
    after_run(settings)
    if settings.exports:
        written = write_exports(settings, [volcano], dt.datetime.now(dt.UTC).date())
        print("\n".join(written.lines()))
        problems += written.problems
    return not problems


def _statement(subject: str, said: SaidOptions, by: str, note: str) -> "Statement":
    """What the words of the command line say of a date or a pair."""
    from catalogs.ledger.review_rows import ReviewVerdict, Statement

    verdict = (
        ReviewVerdict.ATMOSPHERE
        if said.atmosphere
        else ReviewVerdict.CONFIRMED
        if said.confirmed
        else ReviewVerdict.OTHER
    )
    return Statement(subject, verdict, by, said.other or "", note)


def _list(volcano: str | None, settings: "Settings") -> int:
    """Print the reviews of one volcano or all; the exit code."""
    from catalogs.home.home import home_of
    from catalogs.home.reading import find_home, kept_ledger
    from catalogs.places import catalogue_of
    from tasks.judge.opinions import review_lines

    own = catalogue_of(settings).find(volcano).slug if volcano else None
    shown = 0
    with kept_ledger(find_home(home_of(settings))) as ledger:
        for slug in (own,) if own else ledger.reviewed_volcanoes():
            every = ledger.reviews(slug)
            for line in review_lines(every):
                print(f"{slug} {line}")
            shown += len(every)
    if not shown:
        print(f"no review of {own or 'any volcano'} in {settings.home}")
    return 0 if shown else NOTHING_HAD


def _export(volcano: str | None, target: Path, add_to: Path | None, settings: "Settings") -> int:
    from catalogs.places import catalogue_of

    own = catalogue_of(settings).find(volcano).slug if volcano else None
    with without_prefect(settings, writes=False):
        from tasks.review.export import export_reviews

        exported = export_reviews(own, settings, target, add_to)
    print("\n".join(exported.lines()))
    return 0
