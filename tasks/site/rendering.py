"""From what is known to the text of a page, by the templates beside this file."""

import base64
import datetime as dt
import hashlib
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from catalogs.settings import Settings
from fringewatch import __version__
from fringewatch.plain_text import counted
from tasks.judge.pair_kinds import PairKind, kind_of, kind_words
from tasks.site.evidence import air_words, evidence_words, newest_rows
from tasks.site.facts import VolcanoFacts
from tasks.site.false_alarms import false_alarm_words
from tasks.site.images import colour_bar
from tasks.site.overview import Overview
from tasks.site.panels import PanelMaker
from tasks.site.passes import ended_tracks, soonest_pass
from tasks.site.series import draw_series
from tasks.site.state_words import MARKS, MEASURED, RANK, state_words
from tasks.site.steps import MOST_STEPS, newest_episode
from tasks.site.windows import PictureBook

LARGEST_PAGE_BYTES: Final = 2_000_000
"""A page is read over a telephone, too."""

_TEMPLATES: Final = Path(__file__).with_name("templates")
_MOST_FAILED: Final = 40
_DATE: Final = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")


def render_volcano(book: PictureBook, settings: Settings, seen_from: dt.date | None) -> str:
    """Return the page of a volcano, smaller than `LARGEST_PAGE_BYTES`.

    Where its pictures are too many, there are fewer dates to step through.

    Parameters
    ----------
    book
        Of its pictures.
    settings
        Of the run.
    seen_from
        UTC date that ages are counted from; None for the day on which the page is looked at.
    """
    steps = MOST_STEPS
    while True:
        words = _volcano_words(book, settings, steps)
        page = _render("volcano.html", {**words, "seen_from": seen_from})
        if len(page.encode()) < LARGEST_PAGE_BYTES or not steps:
            return page
        steps //= 2


def render_index(overview: Overview, settings: Settings, seen_from: dt.date | None) -> str:
    """Return the page of all volcanoes; the words as in `render_volcano`."""
    looked = [row.looked_at for row in overview.rows if row.looked_at]
    words = {
        "kind": "all",
        "seen_from": seen_from,
        "title": f"Fringewatch: {overview.summary}",
        "summary": overview.summary,
        "rows": overview.rows,
        "world": overview.world,
        "land": template_text("land.path"),
        "marks": [(state, MARKS[state]) for state in RANK],
        "failed": overview.failed[:_MOST_FAILED],
        "more_failed": max(0, len(overview.failed) - _MOST_FAILED),
        "looked_at": max(looked, default=None),
        "newest": max((row.newest for row in overview.rows if row.newest), default=None),
        "silence_days": max((row.silence_days for row in overview.rows), default=0),
        "model": settings.model,
        "method": settings.method,
        "footnote": settings.footnote,
    }
    return _render("index.html", words)


@cache
def templates_sha256() -> str:
    """Hash of the templates: a page of others is an old one."""
    whole = hashlib.sha256()
    for path in sorted(_TEMPLATES.iterdir()):
        whole.update(path.read_bytes())
    return whole.hexdigest()


@cache
def template_text(name: str) -> str:
    """Return a file of the templates as it is."""
    return (_TEMPLATES / name).read_text("utf-8")


def _volcano_words(book: PictureBook, settings: Settings, most_steps: int) -> dict[str, Any]:
    facts, model, maker = book.facts, book.model, PanelMaker(book)
    words, series = state_words(facts), draw_series(facts, model)
    episode, pairs = newest_episode(facts), newest_rows(facts)
    suspects = episode.rows if episode and facts.standing.since else pairs
    measured = [one for one in MEASURED if any(row.get(one.name) is not None for row in facts.days)]
    shown = {
        "map": maker.large_map(),
        "sides": maker.sides(),
        "episode": maker.episode(),
        "steps": maker.steps(most_steps),
    }
    return {
        **shown,
        "kind": "one",
        "title": f"{facts.volcano.name}: {words.headline}",
        "volcano": facts.volcano,
        "notes": notes_of(facts, settings),
        "standing": facts.standing,
        "is_old": facts.is_old,
        "words": words,
        "series": series,
        "has_deviations": model is not None,
        "has_left_out": any(kind_of(row) is PairKind.LEFT_OUT for row in facts.pairs),
        "measured": [f"{one.name.partition('_')[0]}, {one.unit}" for one in measured],
        "measured_columns": [one.name for one in measured],
        "dates": facts.days[::-1],
        "newest": facts.newest_data,
        "looked_at": None,
        "silence_days": facts.silence_days,
        "next_pass": soonest_pass(facts.tracks),
        "ended": ended_tracks(facts.tracks),
        "tracks": facts.tracks,
        "troubles": facts.troubles,
        "reviews": facts.reviews,
        "reviewed": facts.reviewed,
        "evidence": evidence_words(facts),
        "newest_pairs": pairs,
        "air_words": air_words(facts, suspects, settings),
        "false_alarms": false_alarm_words(settings),
        "grounds": _grounds(book),
        "colour_bar": colour_bar(),
        "provenance": _provenance(facts),
        "footnote": settings.footnote,
    }


def notes_of(facts: VolcanoFacts, settings: Settings) -> str:
    """Return what an observatory noted of a volcano in its settings, for whoever reads."""
    place = settings.volcano.get(facts.volcano.slug)
    return place.notes if place else ""


def _grounds(book: PictureBook) -> list[tuple[str, Any]]:
    frames = sorted({track.frame for track in book.facts.tracks})
    read = ((str(frame), book.known_ground(frame)) for frame in frames)
    return [(frame, ground) for frame, ground in read if ground is not None]


def _provenance(facts: VolcanoFacts) -> Mapping[str, Any]:
    newest = facts.newest or {}
    urls: Sequence[str] = [url for url in {row["source_url"] for row in facts.pairs} if url]
    hosts = sorted({_host_of(url) for url in urls})
    return {
        "model": newest.get("model"),
        "method": newest.get("method"),
        "model_sha256": facts.pairs[-1]["model_sha256"] if facts.pairs else "",
        "hosts": hosts,
    }


def _host_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or "a folder here"
    except ValueError:  # somebody's own list of sources may hold anything
        return "a place that is no address"


def _number(value: float | None) -> str:
    """Return a number of a table; a dash for none."""
    return "\N{EN DASH}" if value is None else f"{value:.2f}"


def _dated(text: object) -> Markup:
    """Return text, escaped, whose dates are not broken over two lines."""
    return Markup(_DATE.sub(r'<span class="d">\g<0></span>', str(escape(text))))  # noqa: S704 - escaped


def _render(name: str, words: Mapping[str, Any]) -> str:
    script = template_text("page.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        _environment()
        .get_template(name)
        .render(
            **words,
            style=template_text("style.css"),
            script=script,
            script_hash=f"sha256-{digest}",
            number=_number,
            kind_words=kind_words,
            counted=counted,
            version=__version__,
        )
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["dated"] = _dated
    return environment
