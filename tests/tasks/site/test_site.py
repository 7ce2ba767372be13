import datetime as dt
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from catalogs.ledger.ledger import open_ledger
from catalogs.ledger.review_rows import ReviewVerdict, Statement
from catalogs.ledger.rows import SourceRow
from catalogs.ledger.runs import VolcanoRun
from catalogs.settings import Settings
from catalogs.storage.place import Folder
from catalogs.tables import DATES, INTERFEROGRAMS, write_table
from fringewatch.errors import BadInputError, HomeError
from tasks.site.rendering import LARGEST_PAGE_BYTES, render_volcano
from tasks.site.site import SiteReport, write_site
from tasks.site.windows import PictureBook
from tests.scenes import FRAME
from tests.tasks.kept_home import KeptHome
from tests.tasks.site.made_facts import POSITIVE, day, pair, table_of

SEEN_FROM = dt.date(2024, 2, 13)


def write(kept: KeptHome, **said: object) -> SiteReport:
    return write_site(kept.settings.model_copy(update=said), seen_from=SEEN_FROM)


def page(kept: KeptHome, name: str = "fernandina.html") -> str:
    return (kept.settings.home / "site" / name).read_text("utf-8")


Rows = list[dict[str, Any]]


def put_tables(kept: KeptHome, days: Rows, pairs: Rows) -> None:
    folder = kept.home.detections("fernandina")
    write_table(DATES, table_of(DATES, days), folder)
    write_table(INTERFEROGRAMS, table_of(INTERFEROGRAMS, pairs), folder)


def test_a_volcano_gets_its_page_and_all_get_one(kept: KeptHome) -> None:
    made = write(kept)
    assert made.written == ("fernandina.html", "index.html")
    assert not made.problems
    text = page(kept)
    order = re.findall(r'<section id="([a-z-]+)"', text)
    assert order == [
        "state", "map", "sides", "series", "episode", "evidence", "air", "false-alarms", "reviews",
    ]  # fmt: skip
    assert text.index('id="reviews"') < text.index('id="provenance"')
    assert "UNREST since <span" in text
    assert "NO DATA" in text  # no ascending frame
    assert text.count("data:image/png;base64,") > 5
    assert "http://" not in re.sub(r"<li>.*?</li>|xmlns[^ >]*|127[^<]*", "", text)
    assert 'href="fernandina.html"' in page(kept, "index.html")


def fails_for_fernandina(book: PictureBook, settings: Settings, seen_from: dt.date | None) -> str:
    if book.facts.volcano.slug == "fernandina":
        message = "nobody foresaw this"
        raise ValueError(message)
    return render_volcano(book, settings, seen_from)


def test_what_has_not_changed_is_not_written_again(kept: KeptHome) -> None:
    write(kept)
    folder = kept.settings.home / "site"
    before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}
    assert write(kept).written == ()
    # Another look without news is for the page of all.
    with open_ledger(kept.home.ledger) as ledger:
        asked = dt.datetime(2024, 2, 13, 2, 17, tzinfo=dt.UTC)
        row = ledger.sources(FRAME)[0]
        ledger.record_source(
            FRAME, SourceRow(row.source, asked, row.state, row.pairs, row.newest, None)
        )
    assert write(kept).written == ("index.html",)
    after = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}
    assert after["fernandina.html"] == before["fernandina.html"]
    assert "2024-02-13 02:17 UTC" in page(kept, "index.html")


def test_pictures_are_taken_over_from_the_page_that_was_there(kept: KeptHome) -> None:
    write(kept)
    first = page(kept)
    shutil.rmtree(kept.cube / "phase" / "c")  # nothing can be read again
    made = write(kept, footnote="another word")
    assert made.written == ("fernandina.html", "index.html")
    assert "another word" in page(kept)
    drawn = re.compile(r'data-drawn="[^>]*href="data:[^"]*"')
    assert drawn.findall(page(kept)) == drawn.findall(first)


def test_files_of_others_are_left_alone_and_said(kept: KeptHome) -> None:
    folder = kept.settings.home / "site"
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    (folder / "about.html").write_text("<html>mine</html>")
    (folder / "fernandina.html").write_text("<html>mine, too</html>")
    made = write(kept)
    assert made.foreign == ("about.html", "notes.txt")
    assert made.written == ("index.html",)
    (problem,) = made.problems
    assert "fernandina.html is a file of somebody else" in problem
    assert page(kept) == "<html>mine, too</html>"
    assert "somebody else" in page(kept, "index.html")  # the page of all says so
    assert any("2 files of others" in line for line in made.lines())


def test_a_page_of_ours_that_was_spoilt_is_made_anew(kept: KeptHome) -> None:
    write(kept)
    whole = page(kept)
    path = kept.settings.home / "site" / "fernandina.html"
    path.write_text(whole.replace("UNREST", "QUIET"), "utf-8")
    assert write(kept).written == ("fernandina.html",)
    assert page(kept) == whole


def test_the_page_of_a_volcano_that_is_no_more_goes(kept: KeptHome) -> None:
    write(kept, watch=("taal",))
    assert "never seen" in page(kept, "taal.html")
    assert "not quiet" in page(kept, "taal.html")
    made = write(kept)
    assert made.removed == ("taal.html",)
    assert not (kept.settings.home / "site" / "taal.html").exists()


def test_one_pair_makes_a_page(kept: KeptHome) -> None:
    put_tables(kept, [day(1, "watch")], [pair(0, 1, frame=str(FRAME), **POSITIVE)])
    made = write(kept)
    assert not made.problems
    assert "One positive pair alone" in page(kept)


def test_ten_years_make_a_page_of_less_than_two_megabytes(kept: KeptHome) -> None:
    days = [day(number, "unrest" if 100 < number < 110 else "quiet") for number in range(600)]
    pairs = [pair(number - 1, number, frame=str(FRAME)) for number in range(1, 600)]
    put_tables(kept, days, pairs)
    newest = max(one["secondary_date"] for one in pairs)
    assert not write_site(kept.settings, seen_from=newest).problems
    path = kept.settings.home / "site" / "fernandina.html"
    assert path.stat().st_size < LARGEST_PAGE_BYTES
    assert page(kept).count("<tr>") > 600


def test_a_table_that_cannot_be_read_is_unknown_and_said(kept: KeptHome) -> None:
    folder = kept.settings.home / "detections" / "fernandina"
    (folder / "dates.parquet").write_bytes(b"no table")
    write(kept)
    for name in ("fernandina.html", "index.html"):
        said = page(kept, name)
        assert "CANNOT READ A TABLE" in said
        for wrong in (
            "never seen",
            "never watched before",
            "before no longer stands",
            "ever told of it",
        ):
            assert wrong not in said, (name, wrong)
    assert "UNKNOWN: its tables cannot be read; by the ledger: unrest since 2024-02-11" in page(
        kept
    )


def test_tables_that_are_gone_are_no_volcano_without_data(kept: KeptHome) -> None:
    shutil.rmtree(kept.settings.home / "detections")
    made = write(kept)
    assert not made.is_whole
    assert any("fernandina: THE TABLES ARE GONE: " in line for line in made.lines())
    for name in ("fernandina.html", "index.html"):
        said = page(kept, name)
        assert "THE TABLES ARE GONE" in said
        for wrong in ("never seen", "never watched before", "was ever scored", "1 no data"):
            assert wrong not in said, (name, wrong)
    assert "UNKNOWN: its tables cannot be read; by the ledger: unrest since 2024-02-11" in page(
        kept
    )


def test_a_cube_that_is_gone_leaves_the_words(kept: KeptHome) -> None:
    shutil.rmtree(kept.cube)
    assert not write(kept).problems
    assert "UNREST since" in page(kept)
    assert "CUBE GONE" in page(kept)


def test_a_model_that_is_gone_leaves_the_words(kept: KeptHome) -> None:
    assert not write(kept, model="lost-1").problems
    assert "UNREST since" in page(kept)
    assert "no page shows where the model looked" in page(kept, "index.html")


def test_a_bug_on_one_page_is_said_and_stops_no_other(
    kept: KeptHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(kept, watch=("taal",))
    old = page(kept)
    monkeypatch.setattr("tasks.site.page.render_volcano", fails_for_fernandina)
    made = write(kept, watch=("taal",), footnote="new")
    (problem,) = made.problems
    assert "fernandina.html" in problem
    assert "this is a bug" in problem
    assert page(kept) == old
    assert "new" in page(kept, "taal.html")
    assert "this is a bug" in page(kept, "index.html")


def test_silence_is_unknown_whatever_the_table_says(kept: KeptHome) -> None:
    write_site(kept.settings, seen_from=dt.date(2024, 9, 1))
    assert "UNKNOWN since" in page(kept)
    assert "not seen to end" in page(kept)
    assert "Seen from 2024-09-01" in page(kept)
    text = re.sub(r"<[^>]*>", "", page(kept))
    assert "scending: last seen, and old: positive" in text
    assert text.count("OLD, it no longer stands: ") == 2
    assert "nobody can be sure now; last said on 2024-02-11, which is old" in text
    assert "nobody knows what it does now" in text
    assert "last said on 2024-02-11 (old): unrest" in re.sub(
        r"<[^>]*>", "", page(kept, "index.html")
    )


def test_pages_may_go_elsewhere_and_the_home_stays_as_it_is(kept: KeptHome, tmp_path: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in kept.settings.home.rglob("*")}
    made = write_site(kept.settings, folder=Folder(tmp_path / "www"), seen_from=SEEN_FROM)
    assert made.written == ("fernandina.html", "index.html")
    assert {path: path.stat().st_mtime_ns for path in kept.settings.home.rglob("*")} == before


def test_a_day_before_the_newest_data_is_refused(kept: KeptHome, tmp_path: Path) -> None:
    words = (
        r"cannot be seen from 2024-02-10: fernandina has data of 2024-02-11.*that day or a later"
    )
    with pytest.raises(BadInputError, match=words):
        write_site(kept.settings, folder=Folder(tmp_path / "www"), seen_from=dt.date(2024, 2, 10))
    assert not (tmp_path / "www").exists()
    write_site(kept.settings, folder=Folder(tmp_path / "www"), seen_from=dt.date(2024, 2, 11))
    assert "Seen from 2024-02-11" in (tmp_path / "www" / "fernandina.html").read_text("utf-8")


def test_a_folder_that_cannot_be_written_is_an_error(kept: KeptHome, tmp_path: Path) -> None:
    (tmp_path / "www").write_text("a file")
    with pytest.raises(HomeError, match="a file stands where a folder is needed"):
        write_site(kept.settings, folder=Folder(tmp_path / "www"))


def test_what_people_said_is_shown(kept: KeptHome) -> None:
    said = Statement("2024-02-13", ReviewVerdict.ATMOSPHERE, "NS", note="<b>rings</b>")
    with open_ledger(kept.home.ledger) as ledger:
        ledger.record_review("fernandina", said)
    write(kept)
    assert "2024-02-13 atmosphere by NS" in re.sub(r"<[^>]*>", "", page(kept))
    assert "<b>rings" not in page(kept)


def test_what_the_last_run_could_not_have_is_said(kept: KeptHome) -> None:
    with open_ledger(kept.home.ledger) as ledger:
        number = ledger.begin_run("nightly", "1", ["taal", "fernandina"])
        failed = VolcanoRun("taal", "nothing", words="the source <b>is</b> away")
        ledger.end_run(number, "partial", [failed, VolcanoRun("fernandina", "done")], 10**9)
    write(kept)
    assert "taal: the source &lt;b&gt;is&lt;/b&gt; away" in page(kept, "index.html")


def test_masked_dates_are_not_called_quiet(kept: KeptHome) -> None:
    put_tables(kept, [day(3, state="masked")], [pair(2, 3)])
    write(kept)
    assert "That is not quiet" in page(kept)


def test_the_same_home_makes_the_same_bytes(kept: KeptHome, tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_site(kept.settings, folder=Folder(tmp_path / name), seen_from=SEEN_FROM)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes(), path.name


def test_an_unknown_name_on_the_watch_list_is_told_and_ends_no_page(kept: KeptHome) -> None:
    settings: Settings = kept.settings.model_copy(update={"watch": ("atlantis", "fernandina")})
    report = write_site(settings)
    assert report.volcanoes == ("fernandina",)
    assert not report.problems
    index = report.index.read().decode()
    assert "no volcano &#39;atlantis&#39; in the catalogue" in index
