import datetime as dt
import json
from math import nan

import pytest

from catalogs.home.home import Home
from catalogs.ledger.outbox_records import MessageKind, NewMessage
from catalogs.ledger.rows import Verdict
from catalogs.settings import Settings
from tasks.health.health import health_of
from tasks.health.metrics import metrics_of
from tasks.health.records import Check, Finding
from tasks.messages.standing import telling_of
from tests.storage import folder_of
from tests.tasks.health.conftest import NOW, WatchedHome
from tests.tasks.test_watch import digests


def findings(home: WatchedHome) -> dict[tuple[Check, str | None], str]:
    return {(f.check, f.volcano): f.words for f in health_of(home.settings, NOW).findings}


def test_a_home_that_is_well_has_nothing_to_say(well: WatchedHome) -> None:
    before = digests(well.settings.home)
    health = health_of(well.settings, NOW)
    assert health.findings == ()
    assert health.is_well
    assert digests(well.settings.home) == before
    taal, etna = health.volcanoes
    assert (taal.volcano, taal.state, taal.age_days, taal.pairs) == ("taal", "quiet", 6, 1)
    assert (etna.state, etna.newest, etna.failed_nights) == ("unrest", dt.date(2026, 3, 9), 0)
    lines = list(health.lines())
    assert lines[0] == f"2026-03-10 09:00 UTC, home {well.settings.home}: well"
    assert "volcanoes: 2 watched: 1 quiet, 1 unrest" in lines
    assert lines[-1] == "channel notify 1 (ntfy): 0 waiting"


def test_the_state_is_that_of_the_newest_date_as_on_the_page(well: WatchedHome) -> None:
    after = dt.date(2026, 3, 8)
    with well.ledger() as ledger:
        for slug, state in (("taal", "no data"), ("etna", "masked")):
            said = {after + dt.timedelta(days=2): Verdict(state, None, nan, "rule", "m", "00")}
            ledger.record_verdicts(slug, said)
    assert [each.state for each in health_of(well.settings, NOW).volcanoes] == ["no data", "masked"]
    late = health_of(well.settings, NOW + dt.timedelta(days=44))
    assert [each.state for each in late.volcanoes] == ["unknown", "masked"]
    numbers = metrics_of(health_of(well.settings, NOW)).decode()
    assert 'fringewatch_state{state="no data",volcano="taal"} 1.0' in numbers


@pytest.mark.parametrize("wrong", ["gone", "cut", "empty"])
def test_tables_that_are_gone_or_cut_are_found(well: WatchedHome, wrong: str) -> None:
    table = folder_of(Home(well.settings.home).detections("etna")) / "dates.parquet"
    content = table.read_bytes()
    table.write_bytes(b"" if wrong == "empty" else content[:-100])
    if wrong == "gone":
        table.unlink()
    (finding,) = health_of(well.settings, NOW).findings
    assert (finding.check, finding.volcano) == (Check.TABLES, "etna")
    assert ("is gone" if wrong == "gone" else "is damaged") in finding.words
    assert "`fringewatch nightly etna`" in finding.words


def test_a_home_that_is_only_backfilled_has_no_watch_to_be_unwell(watched: WatchedHome) -> None:
    watched.set(watch=())
    watched.data("taal", dt.date(2026, 3, 4))
    health = health_of(watched.settings, NOW)
    assert not health.is_well  # whoever believes that it watches has to learn that it does not
    lines = list(health.lines())
    assert lines[0].endswith(": NOTHING IS WATCHED")
    assert "A home that is only backfilled by hand needs none" in lines[1]
    watched.night(0.3)  # somebody watches after all
    assert "NOTHING IS WATCHED" not in next(health_of(watched.settings, NOW).lines())


def test_volcanoes_that_are_old_silent_failing_or_never_came(well: WatchedHome) -> None:
    well.set(watch=("taal", "etna", "fernandina"))
    well.data("wolf", dt.date(2020, 1, 1))  # not watched: nobody's concern
    well.set(stale_days=5)
    assert findings(well) == {
        (Check.STALE, "taal"): "no data newer than 2026-03-04 (6 days)",
        (Check.NEVER_FETCHED, "fernandina"): "it is watched, and no data of it ever came",
    }
    for back in (3.3, 2.3, 1.3):
        well.night(back, "done")
    for back in (0.2, 0.1):
        well.night(back, "later")
    assert (Check.FAILING, "taal") not in findings(well)  # a night of that day was good
    later = NOW + dt.timedelta(days=60)
    found = {(f.check, f.volcano) for f in health_of(well.settings, later).findings}
    assert (Check.SILENT, "taal") in found
    assert (Check.STALE, "taal") not in found
    states = {each.volcano: each.state for each in health_of(well.settings, later).volcanoes}
    assert states["etna"] == "unknown"


def test_nights_in_a_row_that_bring_nothing_are_found(watched: WatchedHome) -> None:
    watched.data("taal", dt.date(2026, 3, 4))
    watched.night(5.3)
    for back in (2.3, 1.3, 0.3):
        watched.night(back, "later")
    found = findings(watched)
    assert found[Check.FAILING, "taal"].startswith("3 nights in a row brought nothing; last")
    assert "brought nothing (later)" in found[Check.SCHEDULE, None]


@pytest.mark.parametrize("hours", [25, 27])
def test_a_schedule_that_did_not_run_is_found(well: WatchedHome, hours: int) -> None:
    at = NOW - dt.timedelta(days=0.3) + dt.timedelta(hours=hours)
    found = [f.check for f in health_of(well.settings, at).findings]
    assert found == ([Check.SCHEDULE] if hours > 26 else [])


def test_no_night_and_a_night_that_was_killed_are_found(watched: WatchedHome) -> None:
    watched.data("taal", dt.date(2026, 3, 9))
    watched.data("etna", dt.date(2026, 3, 9))
    assert "no night has run yet" in findings(watched)[Check.SCHEDULE, None]
    with watched.ledger() as ledger:
        ledger.begin_run("nightly", "0.1", ["taal"])
    (begun,) = watched.ledger().runs()
    late = health_of(watched.settings, begun.started_at + dt.timedelta(hours=14))
    words = [f.words for f in late.findings if f.check is Check.SCHEDULE]
    assert "has not ended, or was killed" in words[0]


def test_a_disk_that_will_be_full_is_found(
    well: WatchedHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Once something large was deleted: that is not the growth of the days.
    well.night(20.0, free=1 * 10**9)
    for back in range(10, -1, -1):
        well.night(back + 0.2, free=50 * 10**9 + back * 10**9)

    class Usage:
        free = 20 * 10**9

    monkeypatch.setattr("tasks.health.health.shutil.disk_usage", lambda _: Usage)
    health = health_of(well.settings, NOW)
    assert health.disk is not None
    assert health.disk.days_left == pytest.approx(20, rel=0.05)
    assert findings(well)[Check.DISK, None].endswith("full in 20 days")
    well.set(disk_days=10.0)
    assert findings(well) == {}
    Usage.free = 10**8
    assert "0.1 GB free" in findings(well)[Check.DISK, None]


def test_messages_that_do_not_arrive_are_found_without_their_address(well: WatchedHome) -> None:
    with well.ledger() as ledger:
        message = NewMessage(MessageKind.STALE, {"stale/taal": "taal"})
        ledger.put_into_outbox([message], telling_of(well.settings))
        made = ledger.messages()[0].made_at
    soon = health_of(well.settings, made + dt.timedelta(minutes=30))
    late = health_of(well.settings, made + dt.timedelta(minutes=90))
    assert Check.MESSAGES not in [f.check for f in soon.findings]
    (found,) = [f for f in late.findings if f.check is Check.MESSAGES]
    assert found.words == "notify 1 (ntfy): 1 waiting"
    assert "hunter2" not in late.to_json()


def test_a_name_that_is_no_volcano_is_found_and_ends_nothing(well: WatchedHome) -> None:
    well.set(watch=("taal", "etna", "no such volcano"))
    ((check, _), words), *_ = findings(well).items()
    assert check is Check.WATCH_LIST
    assert "no such volcano" in words


def test_without_a_watch_list_the_last_night_says_what_is_watched(well: WatchedHome) -> None:
    well.set(watch=())
    health = health_of(well.settings, NOW)
    assert {each.volcano for each in health.volcanoes} == {"taal", "etna"}
    assert health.is_well


def test_a_home_that_is_not_there_is_a_finding(watched: WatchedHome) -> None:
    for settings in (watched.settings, Settings(home=watched.settings.home / "no")):
        health = health_of(settings, NOW)
        assert [f.check for f in health.findings] == [Check.HOME]
        assert not health.is_there


def test_json_has_all_of_it(well: WatchedHome) -> None:
    well.set(watch=("taal", "etna", "fernandina"))
    said = json.loads(health_of(well.settings, NOW).to_json())
    assert (said["format"], said["well"]) == (1, False)
    assert said["findings"][0]["check"] == "never fetched"
    assert said["volcanoes"][1]["newest"] == "2026-03-09"
    assert said["last_night"]["outcome"] == "done"
    assert said["disk"]["days_left"] is None
    assert said["channels"][0]["name"] == "notify 1 (ntfy)"


def test_a_home_that_cannot_be_written_is_looked_at(well: WatchedHome) -> None:
    home = Home(well.settings.home)
    home.root.chmod(0o500)
    try:
        assert health_of(well.settings, NOW).is_well
    finally:
        home.root.chmod(0o700)


def test_a_finding_is_one_line() -> None:
    assert str(Finding(Check.STALE, "a\nb", "taal")) == "STALE: taal: a\\nb"
