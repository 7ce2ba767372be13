import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from catalogs.home.home import Home, open_home
from catalogs.ledger.ledger import open_ledger
from catalogs.ledger.rows import FileRow, FileState, SourceRow, TileRow
from catalogs.records import DatePair, FrameId, Product, RemoteFile
from catalogs.settings import Settings
from catalogs.world.volcanoes import find_volcano
from fringewatch.errors import HomeError, StoreError
from tasks.status.headline import headline_of
from tasks.status.home import home_status
from tasks.status.records import FrameStatus
from tests.scenes import FRAME
from tests.tasks.kept_home import FERNANDINA, PAIRS, KeptHome
from tests.tasks.test_watch import digests

TODAY = dt.date(2024, 2, 20)
OTHER = FrameId.parse("155D_02579_100800")
ROOT = "https://portal.example/LiCSAR_products"
NOON = dt.datetime(2024, 2, 19, 12, 0, tzinfo=dt.UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=open_home(Home(tmp_path / "home")).root)


def pair(text: str) -> DatePair:
    return DatePair.parse(text)


def tiled(name: DatePair) -> TileRow:
    return TileRow(name, f"{ROOT}/x", "aa", "bb", "cc")


def listed(settings: Settings, *pairs: str, newest: str | None = None, state: str = "listed",
           reason: str | None = None, asked: dt.datetime = NOON) -> None:  # fmt: skip
    with open_ledger(Home(settings.home).ledger) as ledger:
        ledger.record_listing(FRAME, ROOT, map(pair, pairs), complete=True)
        last = pair(newest or max(pairs)) if state == "listed" else None
        ledger.record_source(FRAME, SourceRow(ROOT, asked, state, len(pairs), last, reason))


def only_frame(settings: Settings, today: dt.date = TODAY) -> FrameStatus:
    (frame,) = home_status(settings, FERNANDINA, today).frames
    return frame


def test_a_home_after_a_backfill_reads_well_and_stays_untouched(kept: KeptHome) -> None:
    before = digests(kept.settings.home)
    status = home_status(kept.settings, None, TODAY)
    assert digests(kept.settings.home) == before
    (frame,) = status.frames
    assert (frame.volcano, frame.frame, frame.in_cube) == ("fernandina", FRAME, PAIRS)
    assert (frame.listed, frame.gone, frame.not_here, frame.troubles) == (5, (), (), ())
    assert frame.files == ((FileState.FETCHED, 10),)
    assert frame.newest == dt.date(2024, 2, 11)
    (source,) = frame.sources
    assert source.source == kept.portal.url
    assert source.newest == PAIRS[-1]
    assert (source.stale_since, source.trouble) == (None, None)
    assert status.warnings == ()
    lines = status.lines()
    assert lines[0] == f"2024-02-20 UTC, home {kept.settings.home}: frames: 1, warnings: 0"
    assert f"fernandina {FRAME}: newest acquisition here 2024-02-11; 5 pairs listed" in lines[1]
    assert lines[2] == "  files: 10 fetched"
    assert lines[3].startswith(f"  {kept.portal.url}: newest 2024-02-11, asked 20")
    assert len(lines) == 4


def test_one_volcano_and_all_of_them_say_the_same(kept: KeptHome) -> None:
    one = home_status(kept.settings, FERNANDINA, TODAY)
    assert replace(one, headline=None) == home_status(kept.settings, None, TODAY)
    assert str(one.headline).startswith("fernandina: UNREST since 2024-02-11, probability 0.")


def test_the_first_line_of_a_volcano_says_whether_it_deforms(kept: KeptHome) -> None:
    late = home_status(kept.settings, FERNANDINA, TODAY + dt.timedelta(days=60)).lines()[0]
    assert late == (
        "fernandina: UNKNOWN: no data newer than 2024-02-11, 69 days old; it was unrest since "
        "2024-02-11 then"
    )
    with open_ledger(kept.home.ledger) as ledger:
        assert headline_of(ledger, "taal", kept.settings, TODAY) == (
            "taal: NO DATA: nothing was ever judged"
        )


def test_a_cube_that_is_gone_is_the_first_warning(kept: KeptHome) -> None:
    kept.cube.rename(kept.cube.with_name("elsewhere"))
    status = home_status(kept.settings, FERNANDINA, TODAY)
    assert status.lines()[2] == (
        f"! fernandina {FRAME}: CUBE GONE: 5 pairs were here; the next night brings them, or "
        f"`fringewatch backfill fernandina --start 2024-01-06 --end 2024-02-11 --frame {FRAME}`"
    )


@pytest.mark.parametrize(
    ("today", "stale_since"),
    [
        (dt.date(2024, 2, 19), None),
        (dt.date(2024, 2, 27), dt.date(2024, 2, 19)),  # nobody has asked for eight days
        (dt.date(2024, 5, 11), dt.date(2024, 2, 19)),
        (dt.date(2024, 5, 12), dt.date(2024, 2, 11)),  # 91 days after its newest acquisition
    ],
)
def test_a_source_grows_stale(
    settings: Settings, today: dt.date, stale_since: dt.date | None
) -> None:
    listed(settings, "20240130_20240211")
    frame = only_frame(settings, today)
    (source,) = frame.sources
    assert source.stale_since == stale_since
    stale = [text for text in frame.warnings if "STALE" in text]
    assert bool(stale) == (stale_since is not None)
    assert all(str(stale_since) in text for text in stale)


def test_a_source_without_answer_is_said_with_its_reason(settings: Settings) -> None:
    listed(settings, "20240130_20240211", state="unavailable", reason="503 at the door")
    (warning,) = only_frame(settings).warnings
    assert warning == (
        f"fernandina {FRAME}: NO LISTING: {ROOT}: unavailable when asked at 2024-02-19 12:00 UTC "
        "(503 at the door)"
    )


def test_a_source_that_lists_nothing_is_said(settings: Settings) -> None:
    listed(settings, "20240130_20240211")
    with open_ledger(Home(settings.home).ledger) as ledger:
        ledger.record_source(FRAME, SourceRow(ROOT, NOON, "listed", 0, None, None))
    assert "EMPTY" in only_frame(settings).warnings[0]


def test_each_source_has_its_own_newest_pair(settings: Settings) -> None:
    listed(settings, "20240130_20240211")
    with open_ledger(Home(settings.home).ledger) as ledger:
        old = SourceRow("http://archive", NOON, "listed", 9, pair("20200101_20200113"), None)
        ledger.record_source(FRAME, old)
    frame = only_frame(settings)
    assert [source.source for source in frame.sources] == ["http://archive", ROOT]
    (warning,) = frame.warnings
    assert "STALE: http://archive has nothing newer than 2020-01-13" in warning


def test_a_source_that_later_days_did_without_is_not_worth_a_word(settings: Settings) -> None:
    listed(settings, "20240130_20240211")
    trouble = "no answer"
    for days, is_told in ((0, True), (1, False)):
        with open_ledger(Home(settings.home).ledger) as ledger:
            asked = NOON - dt.timedelta(days)
            lost = SourceRow("http://moved", asked, "unavailable", 0, None, trouble)
            ledger.record_source(FRAME, lost)
        assert any(trouble in text for text in only_frame(settings).warnings) is is_told


def no_frame(root: str) -> SourceRow:
    return SourceRow(root, NOON, "no frame", 0, None, f"no such frame at {root}")


def test_a_source_that_merely_lacks_a_frame_is_not_worth_a_word(settings: Settings) -> None:
    listed(settings, "20240130_20240211")
    with open_ledger(Home(settings.home).ledger) as ledger:
        ledger.record_source(FRAME, no_frame("http://archive"))
    frame = only_frame(settings)
    assert frame.warnings == ()
    assert "http://archive" not in "\n".join(frame.lines())


def test_a_frame_that_no_source_has_is_one_line(settings: Settings) -> None:
    listed(settings, "20240130_20240211")
    with open_ledger(Home(settings.home).ledger) as ledger:
        for root in ("http://a", "http://b"):
            ledger.record_source(OTHER, no_frame(root))
    status = home_status(settings, None, TODAY)
    assert [line for line in status.lines() if str(OTHER) in line] == [
        f"{OTHER}: NO FRAME: none of the 2 sources has such a frame, asked 2024-02-19 12:00 UTC"
    ]
    assert status.warnings == ()


def test_a_frame_that_no_source_has_any_more_is_one_warning(settings: Settings) -> None:
    listed(settings, "20240130_20240211")
    with open_ledger(Home(settings.home).ledger) as ledger:
        for root in (ROOT, "http://b"):
            ledger.record_source(FRAME, no_frame(root))
    (warning,) = only_frame(settings).warnings
    assert "NO FRAME: none of the 2 sources has such a frame" in warning


def test_gaps_and_pairs_that_are_not_here(settings: Settings) -> None:
    here = ("20230101_20230113", "20230301_20230313")
    listed(settings, *here, "20230113_20230301", "20240130_20240211")
    with open_ledger(Home(settings.home).ledger) as ledger:
        ledger.record_tiles("fernandina", FRAME, [tiled(pair(text)) for text in here])
    frame = only_frame(settings)
    assert frame.not_here == (pair("20230113_20230301"),)  # 2024 was never asked for
    assert [str(gap) for gap in frame.gaps] == [
        "no acquisition between 2023-01-13 and 2023-03-01 (47 days)"
    ]
    said = "\n".join(frame.warnings)
    assert "NOT HERE: 1 of the listed pairs; `fringewatch backfill fernandina --start " in said
    assert frame.never_asked == (pair("20240130_20240211"),)
    assert "NEWER: 1 listed pairs end after the newest that is here; `fringewatch" in said
    assert "GAP: no acquisition between 2023-01-13 and 2023-03-01" in said
    assert "    20230113_20230301" in frame.lines()


def test_files_in_trouble_say_why_and_when_they_are_asked_for_again(settings: Settings) -> None:
    first, second = "20240106_20240118", "20240118_20240130"
    listed(settings, first, second)
    with open_ledger(Home(settings.home).ledger) as ledger:
        rows = (
            FileRow(pair(first), Product.DIFF_PHA, FileState.REJECTED, reason="it is cut"),
            FileRow(pair(first), Product.CC, FileState.MISSING, reason="404"),
            FileRow(pair(second), Product.CC, FileState.LISTED, reason="503"),
        )
        for row in rows:
            ledger.record_file(FRAME, row)
        ledger.record_listed_file(RemoteFile(FRAME, pair(second), Product.DIFF_PHA, "http://x"))
    frame = only_frame(settings)
    assert dict(frame.files) == {FileState.LISTED: 2, FileState.MISSING: 1, FileState.REJECTED: 1}
    assert [(item.pair, item.product) for item in frame.troubles] == [
        (pair(first), Product.CC), (pair(first), Product.DIFF_PHA), (pair(second), Product.CC),
    ]  # fmt: skip
    missing, rejected, silent = frame.troubles
    for item in (missing, rejected):
        assert item.next_attempt is not None
        assert f"asked again after {item.next_attempt:%Y-%m-%d %H:%M} UTC" in str(item)
    assert str(rejected).endswith(": it is cut")
    assert "asked again by the next run: 503" in str(silent)


def test_pairs_that_are_gone_upstream_are_counted_and_kept(settings: Settings) -> None:
    listed(settings, "20240106_20240118", "20240118_20240130")
    listed(settings, "20240118_20240130")
    with open_ledger(Home(settings.home).ledger) as ledger:
        ledger.record_tiles("fernandina", FRAME, [tiled(pair("20240106_20240118"))])
    frame = only_frame(settings)
    assert (frame.listed, frame.gone) == (1, (pair("20240106_20240118"),))
    assert "  gone upstream, kept here: 1" in frame.lines()


def test_a_ledger_that_kept_no_sources_still_names_them(settings: Settings) -> None:
    with open_ledger(Home(settings.home).ledger) as ledger:
        ledger.record_listing(
            FRAME, ROOT, [pair("20240106_20240118"), pair("20240118_20240130")], complete=True
        )
    (source,) = only_frame(settings, dt.datetime.now(dt.UTC).date()).sources
    assert (source.source, source.newest) == (ROOT, pair("20240118_20240130"))


def test_frames_without_a_cube_are_shown_by_themselves(settings: Settings) -> None:
    listed(settings, "20240106_20240118")
    with open_ledger(Home(settings.home).ledger) as ledger:
        ledger.record_listing(OTHER, ROOT, [pair("20240106_20240118")], complete=True)
        ledger.record_tiles("left-the-catalogue", FRAME, [tiled(pair("20240106_20240118"))])
    status = home_status(settings, None, TODAY)
    assert [(frame.volcano, frame.frame) for frame in status.frames] == [
        ("left-the-catalogue", FRAME), (None, OTHER),
    ]  # fmt: skip
    assert any(line.startswith(f"{OTHER}: newest acquisition here none") for line in status.lines())


def test_long_lists_are_cut_with_their_count(settings: Settings) -> None:
    start = dt.date(2024, 1, 1)
    many = [
        DatePair(start + dt.timedelta(day), start + dt.timedelta(day + 12)) for day in range(40)
    ]
    with open_ledger(Home(settings.home).ledger) as ledger:
        ledger.record_listing(FRAME, ROOT, many, complete=True)
        ledger.record_tiles("fernandina", FRAME, [tiled(many[0]), tiled(many[-1])])
    lines = only_frame(settings).lines()
    assert "  listed and not here: 38" in lines
    assert "    and 26 more" in lines


def test_a_home_that_is_not_there_is_said_and_not_made(tmp_path: Path) -> None:
    status = home_status(Settings(home=tmp_path / "no"), None, TODAY)
    (line,) = status.lines()
    assert "no Fringewatch home" in line
    assert "--home" in line
    assert status.frames == ()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("volcano", [None, find_volcano("taal")])
def test_what_was_never_fetched_is_said(settings: Settings, volcano: None) -> None:
    (line,) = home_status(settings, volcano, TODAY).lines()
    assert "nothing ran in it" in line
    open_ledger(Home(settings.home).ledger)._connection.close()
    (line,) = home_status(settings, volcano, TODAY).lines()
    assert "was never fetched" in line
    assert "fringewatch backfill" in line


def test_a_damaged_home_or_ledger_is_an_error(settings: Settings) -> None:
    home = Home(settings.home)
    home.ledger.write_bytes(b"not a database at all, but as long as one" * 40)
    with pytest.raises(StoreError, match="is no ledger"):
        home_status(settings, None, TODAY)
    (settings.home / "home.json").write_text('{"format": 99}')
    with pytest.raises(HomeError, match="newer Fringewatch"):
        home_status(settings, None, TODAY)
