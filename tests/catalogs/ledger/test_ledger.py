import datetime as dt
import os
import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from catalogs.ledger.file import LEDGER_FORMAT
from catalogs.ledger.ledger import Ledger, open_ledger
from catalogs.ledger.rows import (
    FileRow,
    FileState,
    LayerRow,
    LostPair,
    PairScore,
    ScoreRecipe,
    SourceRow,
    TileRow,
    WaterSource,
)
from catalogs.rasters.grid import Grid
from catalogs.records import DatePair, FrameId, FrameRaster, ModelId, Product, RemoteFile
from fringewatch.errors import HomeError, LedgerError, StoreError

FRAME = FrameId.parse("106A_09048_000909")
FIRST, SECOND = (DatePair.parse(name) for name in ("20240106_20240118", "20240118_20240130"))
MODEL = ModelId("baseline-0", "aa")
SCORE = PairScore(0.5, 0.7, 1.5, 0.8, True, -0.3, -91.5, 9)


def fetched(pair: DatePair, sha256: str = "ff") -> FileRow:
    return FileRow(pair, Product.DIFF_PHA, FileState.FETCHED, url="http://x/y", sha256=sha256)


def tiled(pair: DatePair, content: str = "cc") -> TileRow:
    return TileRow(pair, "http://x/y", "ff", "ee", content)


def test_what_was_listed_is_remembered_in_order(ledger: Ledger) -> None:
    ledger.record_listing(FRAME, "http://a", [SECOND], complete=True)
    ledger.record_listing(FRAME, "http://b", [SECOND, FIRST], complete=True)
    assert [row.pair for row in ledger.pairs(FRAME)] == [FIRST, SECOND]
    assert ledger.recall(FRAME) == "http://b"
    assert ledger.recall(FrameId.parse("155D_02579_100800")) is None
    assert ledger.frames() == (FRAME,)


def test_a_pair_that_is_listed_no_more_is_marked_and_kept(ledger: Ledger) -> None:
    ledger.record_listing(FRAME, "http://a", [FIRST, SECOND], complete=True)
    ledger.record_file(FRAME, fetched(FIRST))
    ledger.record_listed_file(RemoteFile(FRAME, SECOND, Product.CC, "http://z"))
    ledger.record_listing(FRAME, "http://a", [DatePair.parse("20240130_20240211")], complete=True)
    assert [row.gone_since is not None for row in ledger.pairs(FRAME)] == [True, True, False]
    assert ledger.files(FRAME)[FIRST, Product.DIFF_PHA].state is FileState.FETCHED
    assert ledger.files(FRAME)[SECOND, Product.CC].state is FileState.GONE_UPSTREAM
    ledger.record_listing(FRAME, "http://a", [FIRST, SECOND], complete=True)
    assert [row.gone_since for row in ledger.pairs(FRAME)[:2]] == [None, None]


def test_a_listing_of_one_source_of_several_loses_nothing(ledger: Ledger) -> None:
    ledger.record_listing(FRAME, "http://a", [FIRST, SECOND], complete=True)
    ledger.record_listing(FRAME, "http://b", [SECOND], complete=False)
    assert [row.gone_since for row in ledger.pairs(FRAME)] == [None, None]


def test_an_empty_listing_loses_nothing(ledger: Ledger) -> None:
    ledger.record_listing(FRAME, "http://a", [FIRST, SECOND], complete=True)
    ledger.record_listing(FRAME, "http://a", [], complete=True)
    assert [row.gone_since for row in ledger.pairs(FRAME)] == [None, None]


def test_pauses_grow_to_a_month_and_end_with_success(ledger: Ledger) -> None:
    missing = FileRow(FIRST, Product.CC, FileState.MISSING, reason="404")
    pauses = []
    for _ in range(9):
        ledger.record_file(FRAME, missing)
        again = ledger.files(FRAME)[FIRST, Product.CC].next_attempt
        assert again is not None
        pauses.append((again - dt.datetime.now(dt.UTC)).total_seconds() / 3600)
    assert pauses == pytest.approx([20, 40, 80, 160, 320, 640, 720, 720, 720], abs=0.1)
    ledger.record_file(FRAME, FileRow(FIRST, Product.CC, FileState.FETCHED, sha256="aa"))
    row = ledger.files(FRAME)[FIRST, Product.CC]
    assert (row.next_attempt, row.attempts) == (None, 0)


def test_a_source_without_answer_is_asked_again_in_the_next_run(ledger: Ledger) -> None:
    ledger.record_file(FRAME, FileRow(FIRST, Product.CC, FileState.LISTED, reason="503"))
    assert ledger.files(FRAME)[FIRST, Product.CC].next_attempt is None


def test_what_each_source_said_last_is_kept(ledger: Ledger) -> None:
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    first = SourceRow("http://a", now, "listed", 2, SECOND, None)
    ledger.record_source(FRAME, SourceRow("http://a", now, "unavailable", 0, None, "refused"))
    ledger.record_source(FRAME, first)
    assert ledger.sources(FRAME) == (first,)


def test_a_file_that_was_fetched_is_not_forgotten_when_it_is_listed_again(ledger: Ledger) -> None:
    remote = RemoteFile(FRAME, FIRST, Product.DIFF_PHA, "http://new/place")
    ledger.record_listed_file(remote)
    assert ledger.files(FRAME)[FIRST, Product.DIFF_PHA].state is FileState.LISTED
    ledger.record_file(FRAME, fetched(FIRST))
    ledger.record_listed_file(remote)
    row = ledger.files(FRAME)[FIRST, Product.DIFF_PHA]
    assert (row.state, row.url, row.sha256) == (FileState.FETCHED, "http://new/place", "ff")


def test_a_refused_file_keeps_its_reason_and_place_until_it_is_listed_again(ledger: Ledger) -> None:
    ledger.record_file(FRAME, fetched(FIRST))
    ledger.record_file(FRAME, FileRow(FIRST, Product.DIFF_PHA, FileState.REJECTED, reason="cut"))
    row = ledger.files(FRAME)[FIRST, Product.DIFF_PHA]
    assert (row.state, row.reason, row.url) == (FileState.REJECTED, "cut", "http://x/y")
    ledger.record_listed_file(RemoteFile(FRAME, FIRST, Product.DIFF_PHA, "http://z"))
    assert ledger.files(FRAME)[FIRST, Product.DIFF_PHA].state is FileState.LISTED


def test_the_first_grid_of_a_frame_stays(ledger: Ledger) -> None:
    grid = Grid(-92.4255, 0.4871667, 0.001, 0.001, 1840, 1913)
    ledger.record_listing(FRAME, "http://a", [], complete=True)
    assert ledger.grid(FRAME) is None
    ledger.record_grid(FRAME, grid)
    ledger.record_grid(FRAME, Grid(0, 0, 1, 1, 1, 1))
    assert ledger.grid(FRAME) == grid


def test_a_pair_is_unscored_for_another_model_or_another_file(ledger: Ledger) -> None:
    ledger.record_tiles("wolf", FRAME, [tiled(FIRST), tiled(SECOND)])
    assert ledger.unscored_pairs("wolf", FRAME, MODEL) == (FIRST, SECOND)
    ledger.record_scores("wolf", FRAME, MODEL, [(FIRST, SCORE)])
    assert ledger.unscored_pairs("wolf", FRAME, MODEL) == (SECOND,)
    assert ledger.unscored_pairs("wolf", FRAME, ModelId("baseline-0", "bb")) == (FIRST, SECOND)
    assert ledger.unscored_pairs("fernandina", FRAME, MODEL) == ()
    ledger.record_tiles("wolf", FRAME, [tiled(FIRST, "00")])
    assert ledger.unscored_pairs("wolf", FRAME, MODEL) == (FIRST, SECOND)
    assert ledger.scored_pairs("wolf", MODEL) == ()


def test_scores_come_back_with_their_source(ledger: Ledger) -> None:
    ledger.record_tiles("wolf", FRAME, [tiled(FIRST)])
    empty = PairScore(0.0, np.nan, np.nan, np.nan, False, np.nan, np.nan, 0)
    ledger.record_scores("wolf", FRAME, MODEL, [(FIRST, empty)])
    (row,) = ledger.scored_pairs("wolf", MODEL)
    assert (row.frame, row.pair, row.url, row.sha256) == (FRAME, FIRST, "http://x/y", "ff")
    assert np.isnan(row.score.score)
    assert row.scored_at.tzinfo is not None


def test_tiles_can_be_taken_back(ledger: Ledger) -> None:
    ledger.record_tiles("wolf", FRAME, [tiled(FIRST), tiled(SECOND)])
    ledger.record_tiles("darwin", FRAME, [tiled(FIRST), tiled(SECOND)])
    ledger.forget_tiles(FRAME, [FIRST], "wolf")
    assert ledger.tiled_pairs("wolf", FRAME) == (SECOND,)
    assert ledger.tiled_pairs("darwin", FRAME) == (FIRST, SECOND)
    assert ledger.tiled_frames("wolf") == (FRAME,)
    ledger.forget_tiles(FRAME, [SECOND])
    assert ledger.tiles("wolf", FRAME) == ()
    assert ledger.tiles("darwin", FRAME) == (tiled(FIRST),)
    assert ledger.volcanoes() == ("darwin",)


def test_what_was_tiled_and_taken_back_is_lost_until_it_is_tiled_again(ledger: Ledger) -> None:
    ledger.record_listing(FRAME, "http://a", [FIRST, SECOND], complete=True)
    ledger.record_tiles("wolf", FRAME, [tiled(FIRST)])
    ledger.record_tiles("darwin", FRAME, [tiled(FIRST)])
    ledger.forget_tiles(FRAME, [FIRST, SECOND], "wolf")  # the second was never there
    assert ledger.lost_pairs("wolf") == (LostPair(FRAME, FIRST, is_gone=False),)
    assert ledger.lost_pairs("darwin") == ()
    assert ledger.volcanoes_with_lost_pairs() == ("wolf",)
    ledger.record_listing(FRAME, "http://a", [SECOND], complete=True)
    assert ledger.lost_pairs("wolf") == (LostPair(FRAME, FIRST, is_gone=True),)
    ledger.record_tiles("wolf", FRAME, [tiled(FIRST)])
    assert ledger.lost_pairs("wolf") == ()


def test_a_ledger_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 8")
    connection.close()
    with pytest.raises(StoreError, match=r"newer Fringewatch \(format 8"):
        open_ledger(path)


def test_a_score_by_another_recipe_does_not_count(ledger: Ledger) -> None:
    ledger.record_tiles("wolf", FRAME, [tiled(FIRST)])
    by_coherence = ScoreRecipe(2, WaterSource.COHERENCE, "aa", 0.1)
    ledger.record_recipe("wolf", FRAME, by_coherence)
    ledger.record_scores("wolf", FRAME, MODEL, [(FIRST, SCORE)])
    (row,) = ledger.scored_pairs("wolf", MODEL)
    assert row.recipe == ledger.recipe("wolf", FRAME) == by_coherence
    for other in (
        replace(by_coherence, scoring=3),
        replace(by_coherence, water=WaterSource.LANDMASK),
        replace(by_coherence, water_sha256="bb"),
        replace(by_coherence, least_coherence=0.2),
        replace(by_coherence, views=4),
        replace(by_coherence, deforming_share=0.05),
    ):
        ledger.record_recipe("wolf", FRAME, other)
        assert ledger.scored_pairs("wolf", MODEL) == ()
        assert ledger.unscored_pairs("wolf", FRAME, MODEL) == (FIRST,)
    ledger.record_recipe("wolf", FRAME, by_coherence)
    assert ledger.unscored_pairs("wolf", FRAME, MODEL) == ()


def test_a_recipe_comes_back_and_one_of_before_views_is_the_same() -> None:
    before = '{"least_coherence": 0.1, "scoring": 2, "water": "coherence", "water_sha256": "aa"}'
    recipe = ScoreRecipe(2, WaterSource.COHERENCE, "aa", 0.1)
    assert (recipe.text, ScoreRecipe.parse(before)) == (before, recipe)
    more = replace(recipe, views=4, deforming_share=0.05)
    assert ScoreRecipe.parse(more.text) == more
    assert more.sha256 != recipe.sha256


def test_a_layer_that_was_not_had_waits_longer_each_time(ledger: Ledger) -> None:
    mask = FrameRaster.LANDMASK
    pauses = []
    for _ in range(3):
        ledger.record_layer("wolf", FRAME, LayerRow(mask, reason="no source has it"))
        row = ledger.layers("wolf", FRAME)[mask]
        assert row.next_attempt is not None
        pauses.append(round((row.next_attempt - dt.datetime.now(dt.UTC)).total_seconds() / 3600))
    assert pauses == [20, 40, 80]
    ledger.record_layer("wolf", FRAME, LayerRow(mask, reason="silent", answered=False))
    assert ledger.layers("wolf", FRAME)[mask].next_attempt is None
    ledger.record_layer("wolf", FRAME, LayerRow(mask, "http://a", "aa"))
    assert ledger.layers("wolf", FRAME)[mask].is_there
    assert ledger.layers("wolf", FRAME)[mask].attempts == 0


def test_a_ledger_of_the_first_format_gets_what_it_lacks_and_keeps_what_it_has(
    tmp_path: Path,
) -> None:
    path = tmp_path / "ledger.sqlite"
    with open_ledger(path) as ledger:
        ledger.record_tiles("wolf", FRAME, [tiled(FIRST)])
        ledger._connection.executescript(
            "DROP TABLE verdicts; DROP TABLE recipes; DROP TABLE layers; DROP TABLE corrections; "
            "ALTER TABLE scores DROP COLUMN recipe_sha256; "
            "ALTER TABLE scores DROP COLUMN air_sha256; PRAGMA user_version = 1"
        )
    with open_ledger(path) as ledger:
        assert ledger.tiled_pairs("wolf", FRAME) == (FIRST,)
        assert ledger.verdicts("wolf") == {}
        (found,) = ledger._connection.execute("PRAGMA user_version").fetchone()
    assert found == LEDGER_FORMAT == 7


def test_another_file_is_no_ledger(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(b"not a database at all, but long enough to be read as one" * 20)
    with pytest.raises(StoreError, match="is no ledger"):
        open_ledger(path)


def test_a_full_disk_rolls_back_and_says_so(ledger: Ledger) -> None:
    ledger.record_listing(FRAME, "http://a", [FIRST], complete=True)
    ledger._connection.execute("PRAGMA max_page_count = 12")
    many = [DatePair.parse(f"2024{month:02d}01_20240{month + 1}02") for month in range(1, 9)]

    def fill() -> None:
        for number in range(400):
            frame = FrameId.parse(f"106A_{number:05d}_000909")
            ledger.record_listing(frame, "http://a" * 50, many, complete=True)

    with pytest.raises(HomeError, match="cannot write the ledger"):
        fill()
    assert [row.pair for row in ledger.pairs(FRAME)] == [FIRST]


def test_a_damaged_page_is_said_with_what_to_do_and_no_traceback_of_sqlite(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    many = [DatePair.parse(f"20240101_2025{month:02d}02") for month in range(1, 13)]
    with open_ledger(path) as ledger:
        for number in range(200):
            frame = FrameId.parse(f"106A_{number:05d}_000909")
            ledger.record_listing(frame, "http://a", many, complete=True)
        ledger._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(path.read_bytes())
    for page in range(4, len(content) // 4096):
        content[4096 * page : 4096 * page + 200] = b"\xa5" * 200
    path.write_bytes(content)

    def read_all(ledger: Ledger) -> None:
        for number in range(200):
            ledger.pairs(FrameId.parse(f"106A_{number:05d}_000909"))

    def read() -> None:
        with open_ledger(path) as ledger:
            read_all(ledger)

    with pytest.raises(LedgerError, match=r"ledger\.sqlite is no ledger, or is damaged.*backup"):
        read()


def test_opening_a_ledger_that_lacks_nothing_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with open_ledger(path):
        pass
    os.utime(path, ns=(1, 1))
    with open_ledger(path):
        pass
    assert path.stat().st_mtime_ns == 1
