"""Pages of many volcanoes, shared with worker processes."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from catalogs.settings import Settings
from catalogs.world.volcanoes import load_volcanoes
from fringewatch.errors import HomeError
from tasks.site import site
from tasks.site.page import PageResult
from tasks.site.site import INDEX, SiteReport, write_site
from tasks.workers import opening
from tasks.workers.base import Failure, Workers
from tests.tasks.kept_home import KeptHome

SEEN_FROM = dt.date(2024, 2, 13)
WATCHED = tuple(volcano.slug for volcano in load_volcanoes()[:5])
PAGES = {*(f"{slug}.html" for slug in (*WATCHED, "fernandina")), INDEX}


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two pages are drawn here, and the rest is worth workers."""
    monkeypatch.setattr(site, "_DRAWN_HERE", 2)
    monkeypatch.setattr(site, "_WORTH_WORKERS", 1)
    monkeypatch.setattr(site, "_PAGES_AT_ONCE", 2)


def write(kept: KeptHome, workers: int) -> SiteReport:
    settings = kept.settings.model_copy(update={"watch": WATCHED, "workers": workers})
    return write_site(settings, seen_from=SEEN_FROM)


def pages(kept: KeptHome) -> dict[str, bytes]:
    folder = kept.settings.home / "site"
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_worker_processes_make_the_same_pages(kept: KeptHome) -> None:
    made = write(kept, workers=2)
    assert set(made.written) == PAGES
    assert not made.problems
    shared = pages(kept)
    assert write(kept, workers=2).written == ()
    for name in shared:
        (kept.settings.home / "site" / name).unlink()
    assert set(write(kept, workers=1).written) == PAGES
    assert pages(kept) == shared


def test_what_workers_cannot_do_is_done_here(
    kept: KeptHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Dying(Workers):
        count = 1

        def run(self, work, items, step):  # type: ignore[no-untyped-def]
            yield 0, Failure("a worker died")
            yield 1, work(items[1])

    @contextmanager
    def dying(settings: Settings, *, most: int | None = None) -> Iterator[Workers]:
        assert not settings.scheduler  # the ledger is a file of this machine
        assert most == 2
        yield Dying()

    monkeypatch.setattr(opening, "open_workers", dying)
    made = write(kept, workers=2)
    assert set(made.written) == PAGES
    assert not made.problems


def test_without_worker_processes_one_makes_them_all(
    kept: KeptHome, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refused(settings: Settings, *, most: int | None = None) -> Workers:
        message = "they do not start"
        raise HomeError(message)

    monkeypatch.setattr(opening, "open_workers", refused)
    assert set(write(kept, workers=0).written) == PAGES
    assert "they do not start" in caplog.text


def test_a_page_that_cannot_be_made_by_a_worker_is_said(
    kept: KeptHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = [PageResult(slug, None, problem=f"{slug}.html: no") for slug in WATCHED]
    monkeypatch.setattr(site, "_shared", lambda *_: lost)
    made = write(kept, workers=2)
    assert made.problems == tuple(result.problem for result in lost)
