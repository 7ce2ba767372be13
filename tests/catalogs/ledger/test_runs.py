import datetime as dt
from collections.abc import Mapping

from catalogs.ledger.ledger import Ledger
from catalogs.ledger.rows import TileRow
from catalogs.ledger.runs import VolcanoRun
from catalogs.records import DatePair, FrameId

NOW = dt.datetime(2026, 3, 10, 9, 0, tzinfo=dt.UTC)


def night(
    ledger: Ledger, day: int, outcomes: Mapping[str, str | None], kind: str = "nightly"
) -> int:
    """A run of March 2026 at 02:17; an outcome of None means that it was killed."""
    number = ledger.begin_run(kind, "0.1", list(outcomes))
    if None not in outcomes.values():
        ledger.end_run(
            number, "done", [VolcanoRun(v, o, 1, 2, "why") for v, o in outcomes.items()], 10
        )
    with ledger._transaction() as cursor:
        cursor.execute(
            "UPDATE runs SET started_at = ?, ended_at = ? WHERE number = ?",
            (f"2026-03-{day:02d}T02:17:00+00:00",
             None if None in outcomes.values() else f"2026-03-{day:02d}T03:00:00+00:00", number),
        )  # fmt: skip
    return number


def test_a_run_is_there_from_its_beginning_and_tells_its_end(ledger: Ledger) -> None:
    number = ledger.begin_run("nightly", "0.1", ["taal", "etna"])
    (run,) = ledger.runs()
    assert (run.number, run.kind, run.ended_at, run.outcome) == (number, "nightly", None, None)
    assert run.volcanoes == (VolcanoRun("etna"), VolcanoRun("taal"))
    done = [VolcanoRun("taal", "done", 3, 4), VolcanoRun("etna", "later", words="503")]
    ledger.end_run(number, "partial", done, 10**9)
    ledger.record_heartbeat(number)
    (run,) = ledger.runs("nightly")
    assert (run.outcome, run.disk_free_bytes) == ("partial", 10**9)
    assert run.volcanoes == (done[1], done[0])
    assert run.ended_at is not None
    assert run.heartbeat_at is not None
    assert ledger.runs("backfill") == ()


def test_the_newest_runs_come_first(ledger: Ledger) -> None:
    numbers = [night(ledger, day, {"taal": "done"}) for day in (1, 2, 3)]
    assert [run.number for run in ledger.runs(last=2)] == numbers[:0:-1]


def test_nights_in_a_row_are_counted_for_each_volcano(ledger: Ledger) -> None:
    night(ledger, 6, {"taal": "partial", "etna": "done", "wolf": "nothing"})
    night(ledger, 7, {"taal": "later", "etna": "done"})
    night(ledger, 8, {"taal": "later", "etna": "later"})
    night(ledger, 8, {"taal": "later", "etna": "done"})  # tried again by hand
    night(ledger, 9, {"taal": None, "etna": "done"})  # killed
    night(ledger, 9, {"alcedo": "later"}, kind="backfill")
    assert ledger.failed_nights(NOW) == {
        "taal": (3, dt.date(2026, 3, 6)), "wolf": (1, None), "etna": (1, dt.date(2026, 3, 8)),
    }  # fmt: skip


def test_the_night_that_is_going_on_has_not_failed(ledger: Ledger) -> None:
    night(ledger, 9, {"taal": "done"})
    night(ledger, 10, {"taal": None})
    assert ledger.failed_nights(NOW) == {}
    assert ledger.failed_nights(NOW + dt.timedelta(hours=12)) == {"taal": (1, dt.date(2026, 3, 9))}


def test_last_successes_newest_data_and_pairs(ledger: Ledger) -> None:
    night(ledger, 6, {"taal": "done"})
    night(ledger, 7, {"taal": "later"})
    assert ledger.last_good_runs() == {"taal": dt.datetime(2026, 3, 6, 3, 0, tzinfo=dt.UTC)}
    frame = FrameId.parse("128D_09016_110500")
    pairs = [DatePair.parse(text) for text in ("20240106_20240118", "20240118_20240130")]
    rows = [TileRow(pair, "http://x", "aa", "bb", "cc") for pair in pairs]
    ledger.record_tiles("taal", frame, rows)
    assert ledger.newest_dates() == {"taal": dt.date(2024, 1, 30)}
    assert ledger.pair_counts() == {"taal": 2}
