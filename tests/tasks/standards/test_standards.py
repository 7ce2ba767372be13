"""What is exported, opened by what it is for: GDAL, feed readers, CAP and STAC libraries."""

import datetime as dt
import io
import json
import sys
import zipfile
from dataclasses import replace
from math import nan
from pathlib import Path
from typing import Any

import feedparser
import numpy as np
import pyogrio
import pystac
import pytest
import rasterio
from cap_tools.models import Alert
from pystac.extensions.projection import ProjectionExtension
from pystac.extensions.sar import SarExtension
from pystac.extensions.sat import SatExtension
from pystac.validation.local_validator import LocalValidator
from xsdata.formats.dataclass.parsers import XmlParser

from catalogs.ledger.ledger import open_ledger
from catalogs.ledger.review_rows import ReviewVerdict, Statement
from catalogs.ledger.rows import PairScore
from catalogs.records import ModelId
from catalogs.settings import Settings, load_settings
from catalogs.storage.place import Folder
from catalogs.tables import DATES
from catalogs.world.volcanoes import find_volcano
from fringewatch.errors import BadInputError, StoreError
from tasks.judge.models import model_of
from tasks.publish import publish_volcano
from tasks.review.give import give_review, take_back
from tasks.standards.atom import atom_of
from tasks.standards.cap import cap_of
from tasks.standards.geojson import geojson_of
from tasks.standards.summary import StateChange, VolcanoSummary, read_summary, summary_of
from tasks.standards.vona import vona_of
from tasks.standards.write import ExportReport, write_exports
from tests.scenes import FRAME
from tests.storage import folder_of
from tests.tasks.kept_home import FERNANDINA, PAIRS, KeptHome
from tests.tasks.site.made_facts import date_of, day, table_of
from tests.tasks.test_publish import score_again
from tests.tasks.test_watch import digests

pytestmark = pytest.mark.usefixtures("undrawn")


TODAY = dt.date(2024, 2, 20)
ALL = ("geojson", "atom", "cog", "kmz", "stac", "cap", "vona")
HOSTILE = '<script>alert("x")</script> & \x85'


def exported(kept: KeptHome, **changes: Any) -> tuple[ExportReport, Path]:
    settings = kept.settings.model_copy(update={"exports": ALL, **changes})
    report = write_exports(settings, [FERNANDINA], TODAY)
    assert report.problems == ()
    return report, folder_of(kept.home.exports)


def summary(**changes: Any) -> VolcanoSummary:
    change = StateChange("2024-02-11", "quiet", "unrest", "why", "2024-02-12T02:17:00+00:00")
    own = VolcanoSummary(
        "fernandina", "Fernandina", 353010, -0.37, -91.55, "unrest", "2024-02-11", "why",
        "2024-02-11", True, 0.78, None, None, 2, 2, (-0.35, -91.5), "2024-02-11", None, None, "m",
        "rule", "2024-02-12T02:17:00+00:00", (change,),
    )  # fmt: skip
    return replace(own, **changes)


def test_everything_is_written_and_nothing_twice(kept: KeptHome) -> None:
    report, folder = exported(kept)
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    own = {"summary.json", "alert.cap.xml", "vona-draft.txt", "newest-pair.tif", "newest-pair.kmz",
           "item.json"}  # fmt: skip
    whole = {"volcanoes.geojson", "changes.atom", "catalog.json"}
    assert names == whole | {f"fernandina/{name}" for name in own}
    assert len(report.changed) == len(names)
    before = digests(folder)
    again, _ = exported(kept)
    assert again.changed == ()
    assert digests(folder) == before


def test_silence_becomes_an_entry_of_the_feed_once(kept: KeptHome) -> None:
    settings = kept.settings.model_copy(update={"exports": ALL})
    feeds, told = [], []
    for days in (48, 49, 80):
        write_exports(settings, [FERNANDINA], dt.date(2024, 2, 11) + dt.timedelta(days=days))
        folder = folder_of(kept.home.exports)
        feeds.append(feedparser.parse((folder / "changes.atom").read_bytes()))
        told.append(json.loads((folder / "fernandina" / "summary.json").read_text()))
    assert [told[n]["is_current"] for n in (0, 1)] == [True, False]
    assert len(feeds[1].entries) == len(feeds[0].entries) + 1
    entry = next(entry for entry in feeds[1].entries if entry.title.find("unknown") >= 0)
    assert entry.title == "Fernandina: unknown on 2024-03-31 (was unrest)"
    assert entry.id.endswith("fernandina:2024-03-31:unknown")
    assert entry.summary == "unknown since 2024-02-11: no pair for more than 48 days"
    # The same on every later day, to the letter: nobody is told twice.
    assert feeds[2].entries == feeds[1].entries
    last = told[2]
    assert (last["state"], last["as_of"], last["probability"]) == (
        "unknown",
        "2024-02-11",
        told[0]["probability"],
    )
    draft = (folder / "fernandina" / "vona-draft.txt").read_text()
    assert "strongest signal" not in draft
    assert "what was last seen is of 2024-02-11 UTC and old" in draft


def test_a_gap_in_the_past_was_unknown_too() -> None:
    days = [day(0, "unrest"), day(10, "watch"), day(11, "no data", pairs=0, probability=None)]
    told = summary_of(FERNANDINA, table_of(DATES, days), date_of(11), 48)
    assert [(change.before, change.after) for change in told.changes] == [
        ("", "unrest"),
        ("unrest", "unknown"),
        ("unknown", "watch"),
    ]
    assert told.changes[1].date == str(date_of(0) + dt.timedelta(days=49))
    # Of the last date with data, and not of one that has none.
    assert (told.state, told.newest, told.as_of) == ("no data", str(date_of(11)), str(date_of(10)))
    assert (told.is_current, told.pairs, told.probability) == (False, 1, 0.05)


def test_a_summary_of_an_older_version_is_read(tmp_path: Path) -> None:
    old = json.loads(summary().text())
    del old["as_of"], old["is_current"]
    (tmp_path / "summary.json").write_text(json.dumps(old))
    assert read_summary(Folder(tmp_path) / "summary.json") == summary()


def test_gdal_opens_the_geojson(kept: KeptHome) -> None:
    _, folder = exported(kept)
    meta, _, geometry, columns = pyogrio.raw.read(folder / "volcanoes.geojson")
    told = dict(zip(meta["fields"], columns, strict=True))
    assert told["kind"].tolist() == ["volcano", "strongest signal"]
    assert (told["state"][0], str(told["since"][0])) == ("unrest", "2024-02-11")
    assert len(geometry) == 2
    assert pyogrio.read_info(folder / "volcanoes.geojson")["crs"] == "EPSG:4326"
    west, south, east, north = pyogrio.read_bounds(folder / "volcanoes.geojson")[1][:, 0]
    assert (west, south) == (east, north) == (-91.55, -0.37)


def test_gdal_opens_the_geotiff_and_finds_it_optimized(kept: KeptHome) -> None:
    _, folder = exported(kept)
    with rasterio.open(folder / "fernandina" / "newest-pair.tif") as raster:
        assert raster.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert (raster.shape, raster.crs.to_epsg(), raster.dtypes) == (
            (500, 500),
            4326,
            ("float32",),
        )
        phase = raster.read(1)
        assert np.nanmax(np.abs(phase)) <= np.pi + 1e-6
        assert raster.tags()["pair"] == str(PAIRS[4])
        row, column = raster.index(-91.55, -0.37)
        assert (abs(row - 250) <= 1, abs(column - 250) <= 1) == (True, True)


def test_gdal_opens_the_kmz_as_a_map_and_as_points(kept: KeptHome, tmp_path: Path) -> None:
    _, folder = exported(kept)
    path = folder / "fernandina" / "newest-pair.kmz"
    with rasterio.open(path) as raster:
        assert raster.driver in {"KMLSUPEROVERLAY", "VRT"}  # of one picture GDAL makes a VRT
        assert raster.shape == (500, 500)
        assert raster.bounds.left == pytest.approx(-91.8, abs=0.01)
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ["doc.kml", "phase.png"]
        (tmp_path / "doc.kml").write_bytes(archive.read("doc.kml"))
    meta, _, geometry, columns = pyogrio.raw.read(tmp_path / "doc.kml")
    names = columns[list(meta["fields"]).index("Name")].tolist()
    assert names[-2:] == ["Fernandina", "strongest signal on 2024-02-11"]
    assert len(geometry) == len(names)


def test_the_feed_opens_in_a_reader(kept: KeptHome) -> None:
    _, folder = exported(kept)
    feed = feedparser.parse((folder / "changes.atom").read_bytes())
    assert not feed.bozo
    assert feed.version == "atom10"
    titles = [entry.title for entry in feed.entries]
    assert titles == [
        "Fernandina: unrest on 2024-02-11 (was quiet)", "Fernandina: quiet on 2024-01-18",
    ]  # fmt: skip
    assert len({entry.id for entry in feed.entries}) == 2
    assert all(entry.updated_parsed and entry.summary for entry in feed.entries)


@pytest.mark.filterwarnings(
    "ignore:.*LocalValidator:DeprecationWarning"
)  # the others ask the network
def test_the_item_is_valid_stac_with_its_projection_and_radar_fields(kept: KeptHome) -> None:
    _, folder = exported(kept)
    found = json.loads((folder / "fernandina" / "item.json").read_text())
    assert not list(LocalValidator().item_validator("1.1.0").iter_errors(found))
    item = pystac.Item.from_dict(found)
    assert ProjectionExtension.ext(item).code == "EPSG:4326"
    assert ProjectionExtension.ext(item).shape == [500, 500]
    assert SarExtension.ext(item).frequency_band == "C"
    assert SatExtension.ext(item).relative_orbit == 128
    assert item.assets.keys() == {"tif", "kmz"}
    with rasterio.open(folder / "fernandina" / item.assets["tif"].href) as raster:
        assert list(raster.transform)[:6] == pytest.approx(ProjectionExtension.ext(item).transform)
        assert item.bbox == pytest.approx(list(raster.bounds))
    catalogue = json.loads((folder / "catalog.json").read_text())
    assert not list(LocalValidator().catalog_validator("1.1.0").iter_errors(catalogue))
    (link,) = (each for each in catalogue["links"] if each["rel"] == "item")
    assert (folder / link["href"]).is_file()


def alert_of(content: bytes) -> Alert:
    return XmlParser().from_bytes(content, Alert)


def test_the_alert_is_a_test_unless_an_operator_says_otherwise(kept: KeptHome) -> None:
    _, folder = exported(kept)
    path = folder / "fernandina" / "alert.cap.xml"
    alert = alert_of(path.read_bytes())
    assert (alert.status.value, alert.msg_type.value, alert.scope.value) == (
        "Test", "Alert", "Public",
    )  # fmt: skip
    assert "-00:00" in path.read_text()
    (info,) = alert.infos
    assert (info.urgency.value, info.severity.value) == ("Unknown", "Unknown")
    assert [str(one) for one in info.areas[0].circles] == ["-0.37,-91.55 28"]
    exported(kept, cap_status="Actual", cap_sender="duty@example.org")
    assert alert_of(path.read_bytes()).status.value == "Actual"
    score_again(kept, PAIRS, -5.0)
    publish_volcano(FERNANDINA, (FRAME,), kept.settings)
    exported(kept)
    assert not path.exists()  # nothing to alert to any more


def test_the_elements_of_an_alert_stand_in_the_order_of_the_schema() -> None:
    made = cap_of(summary(), "Exercise", "a@b")
    assert made is not None
    text = made.decode()
    order = [
        "identifier", "sender", "sent", "status", "msgType", "source", "scope", "note", "info",
        "language", "category", "event", "responseType", "urgency", "severity", "certainty",
        "expires", "headline", "description", "instruction", "area", "areaDesc", "circle",
        "geocode", "valueName", "value",
    ]  # fmt: skip
    places = [text.index(f"<{name}>") for name in order]
    assert places == sorted(places)
    assert cap_of(summary(state="watch", since=None), "Test", "a@b") is None
    assert cap_of(summary(state="unknown"), "Test", "a@b") is None
    assert cap_of(summary(state="no data", since=None), "Test", "a@b") is None


def test_what_has_changed_is_an_update_of_what_was_sent() -> None:
    first = cap_of(summary(), "Test", "a@b")
    assert first is not None
    assert cap_of(summary(), "Test", "a@b", earlier=first) == first
    changed = cap_of(summary(because="level 0.35", review="confirmed"), "Test", "a@b", "", first)
    assert changed is not None
    one, two = alert_of(first), alert_of(changed)
    assert (one.msg_type.value, two.msg_type.value) == ("Alert", "Update")
    assert one.identifier != two.identifier
    assert str(two.references) == f"a@b,{one.identifier},2024-02-12T02:17:00-00:00"
    assert str(two.sent) > str(one.sent)
    # Back to what was said at first is a third message, not the first one again.
    third = cap_of(summary(), "Test", "a@b", earlier=changed)
    assert third is not None
    assert alert_of(third).identifier not in {one.identifier, two.identifier}
    for other in (b"", b"<alert", b"<html/>"):
        assert cap_of(summary(), "Test", "a@b", earlier=other) == first
    actual = cap_of(summary(), "Actual", "a@b", earlier=first)
    assert actual is not None
    assert alert_of(actual).msg_type.value == "Alert"  # an exercise is not made real by an update


def test_a_date_without_data_ends_no_episode() -> None:
    silent = summary(state="no data")
    assert (
        silent.headline
        == f"{silent.name}: unrest since {silent.since}, no data ({silent.newest} UTC)"
    )
    assert cap_of(silent, "Test", "a@b") is not None


def test_an_actual_alert_needs_a_sender(tmp_path: Path) -> None:
    for words in ('cap_status = "Actual"', 'cap_sender = "a b"', 'exports = ["pdf"]',
                  'exports = ["cap", "cap"]'):  # fmt: skip
        (tmp_path / "fringewatch.toml").write_text(words)
        with pytest.raises(BadInputError, match=words.split(maxsplit=1)[0]):
            load_settings(home=tmp_path)


def test_a_draft_of_a_notice_sets_no_colour(kept: KeptHome) -> None:
    _, folder = exported(kept)
    text = (folder / "fernandina" / "vona-draft.txt").read_text()
    assert text.startswith("DRAFT - NOT ISSUED")
    assert "Current Aviation Colour Code: [A PERSON DECIDES]" in text
    assert "Volcano Location: S0022 W09133" in text
    for colour in ("GREEN", "YELLOW", "ORANGE", "RED"):
        assert colour not in text.upper().split()
    assert "N0059 E12100" in vona_of(summary(latitude=0.99, longitude=120.999)).decode()


def test_hostile_names_are_text_everywhere() -> None:
    odd = summary(name=HOSTILE.replace("\x85", ""), because=HOSTILE.replace("\x85", ""))
    feed = feedparser.parse(atom_of([odd]))
    assert not feed.bozo
    assert b"<script" not in atom_of([odd])
    alert = cap_of(odd, "Test", "a@b")
    assert alert is not None
    assert str(alert_of(alert).infos[0].headline).startswith("<script>")
    json.loads(geojson_of([odd]))


def test_one_that_fails_does_not_stop_the_others(kept: KeptHome) -> None:
    settings = kept.settings.model_copy(update={"exports": ALL})
    taal = find_volcano("taal")
    broken = kept.settings.home / "detections" / "taal"
    broken.mkdir()
    (broken / "dates.parquet").write_bytes(b"cut")
    report = write_exports(settings, [taal, find_volcano("etna"), FERNANDINA], TODAY)
    assert len(report.problems) == 1
    assert report.problems[0].startswith("taal: ")
    assert (kept.settings.home / "exports" / "fernandina" / "item.json").is_file()
    assert not (kept.settings.home / "exports" / "etna").exists()
    (kept.settings.home / "exports" / "fernandina" / "summary.json").write_text("{}")
    again = write_exports(settings, [], TODAY)
    assert "is no summary" in again.problems[0]


def test_a_form_that_cannot_be_written_stops_no_other(
    kept: KeptHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, folder = exported(kept)
    monkeypatch.setitem(sys.modules, "pystac", None)  # as where it is not installed
    settings = kept.settings.model_copy(update={"exports": ALL})
    report = write_exports(settings, [FERNANDINA], TODAY)
    (problem,) = report.problems  # once, and not of each volcano
    assert problem.startswith("exports has 'stac': pip install")
    names = {path.name for path in folder.rglob("*") if path.is_file()}
    assert names == {
        "summary.json", "alert.cap.xml", "vona-draft.txt", "newest-pair.tif", "newest-pair.kmz",
        "volcanoes.geojson", "changes.atom",
    }  # fmt: skip
    monkeypatch.undo()

    def broken(*_: object) -> bytes:
        message = "no room"
        raise StoreError(message)

    monkeypatch.setattr("tasks.standards.write.kmz_of", broken)
    monkeypatch.setattr("tasks.standards.write.geojson_of", broken)
    report = write_exports(settings, [FERNANDINA], TODAY)
    assert report.problems == ("fernandina: kmz: no room", "geojson: no room")
    assert (folder / "fernandina" / "item.json").is_file()
    assert not (folder / "volcanoes.geojson").exists()


def item_of(kept: KeptHome) -> dict[str, Any]:
    _, folder = exported(kept)
    found = json.loads((folder / "fernandina" / "item.json").read_text())
    return {**found["properties"], "id": found["id"]}


def test_the_newest_pair_is_one_that_is_evidence(kept: KeptHome) -> None:
    # Of several that end on the date, the shortest.
    assert item_of(kept)["id"].endswith(str(PAIRS[4]))
    with open_ledger(kept.home.ledger) as ledger:
        model = model_of(kept.settings)
        score = PairScore(0.0, nan, nan, nan, False, nan, nan, 0)
        identity = ModelId(model.name, model.sha256)
        ledger.record_scores("fernandina", FRAME, identity, [(PAIRS[4], score)])
    publish_volcano(FERNANDINA, (FRAME,), kept.settings)
    found = item_of(kept)
    assert found["id"].endswith(str(PAIRS[3]))
    assert (found["fringewatch:positive"], found["fringewatch:left_out"]) == (True, None)
    every = [str(pair) for pair in PAIRS[:4]]
    for number, subject in enumerate(every, 1):
        said = Statement(subject, ReviewVerdict.ATMOSPHERE, "NS")
        give_review(FERNANDINA, said, kept.settings)
        found = item_of(kept)
        assert found["fringewatch:positive"] is (True if number < len(every) else None)
    # None is left: the newest that has a score is shown, and why it is no evidence.
    assert found["id"].endswith(str(PAIRS[3]))
    assert found["fringewatch:left_out"] == "atmosphere (NS)"
    with zipfile.ZipFile(
        folder_of(kept.home.exports) / "fernandina" / "newest-pair.kmz"
    ) as archive:
        assert b"This pair is no evidence (left out: atmosphere (NS))." in archive.read("doc.kml")


def test_what_a_review_takes_back_is_an_entry_of_the_feed(kept: KeptHome) -> None:
    _, folder = exported(kept)
    before = feedparser.parse((folder / "changes.atom").read_bytes())
    with open_ledger(kept.home.ledger) as ledger, ledger._transaction() as cursor:
        cursor.execute("UPDATE verdicts SET judged_at = '2024-02-12T02:17:00+00:00'")
    episode = Statement("episode-2024-02-11", ReviewVerdict.ATMOSPHERE, "NS")
    give_review(FERNANDINA, episode, kept.settings)
    exported(kept)
    feed = feedparser.parse((folder / "changes.atom").read_bytes())
    titles = [entry.title for entry in feed.entries]
    assert titles == [
        "Fernandina: unrest on 2024-02-11 is withdrawn (now no data)",
        "Fernandina: quiet on 2024-01-18",
    ]
    assert feed.feed.updated > "2024-02-13"
    entry = feed.entries[0]
    assert entry.updated == feed.feed.updated
    assert entry.summary.startswith("unrest was said of 2024-02-11 until 20")
    assert entry.id not in {one.id for one in before.entries}
    assert entry.tags[0].term == "withdrawn"
    # It comes back: that is told with the time at which it did, and the other entry stays.
    with open_ledger(kept.home.ledger) as ledger, ledger._transaction() as cursor:
        cursor.execute(
            "UPDATE verdicts SET judged_at = '2024-02-13T10:00:00+00:00' WHERE number = 2"
        )
    take_back(FERNANDINA, "episode-2024-02-11", "NS", "", kept.settings)
    exported(kept)
    entries = feedparser.parse((folder / "changes.atom").read_bytes()).entries
    assert [one.title for one in entries][:2] == [
        "Fernandina: unrest on 2024-02-11 (was quiet)",
        "Fernandina: unrest on 2024-02-11 is withdrawn (now no data)",
    ]
    assert entries[0].updated > entries[1].updated == "2024-02-13T10:00:00+00:00"


def test_an_alert_ends_two_weeks_after_the_newest_date() -> None:
    def ends(said_at: str) -> str:
        content = cap_of(summary(said_at=said_at, as_of="2024-02-11"), "Test", "a@b")
        assert content is not None
        return str(alert_of(content).infos[0].expires)

    assert ends("2024-02-12T02:17:00+00:00").startswith("2024-02-25T00:00:00")
    assert ends("2024-02-20T02:17:00+00:00").startswith("2024-02-25T00:00:00")
    # Where data came later than that nobody is sent an alert that has ended.
    assert ends("2024-03-01T02:17:00+00:00").startswith("2024-03-02T02:17:00")


def test_a_summary_comes_back_as_it_was_written(tmp_path: Path) -> None:
    place = Folder(tmp_path) / "summary.json"
    place.write(summary().text().encode())
    assert read_summary(place) == summary()
    place.write(b'{"changes": 3}')
    with pytest.raises(StoreError, match="run `fringewatch export` again"):
        read_summary(place)


def test_after_a_long_silence_nothing_stands(kept: KeptHome) -> None:
    settings = kept.settings.model_copy(update={"exports": ("geojson",)})
    write_exports(settings, [FERNANDINA], TODAY + dt.timedelta(days=100))
    found = json.loads((folder_of(kept.home.exports) / "volcanoes.geojson").read_text())
    assert found["features"][0]["properties"]["state"] == "unknown"
    assert io.StringIO(found["features"][0]["properties"]["because"]).read().startswith("no pair")


def test_settings_without_exports_write_nothing_and_leave_nothing_stale(kept: KeptHome) -> None:
    assert Settings().exports == ()
    exported(kept)
    write_exports(kept.settings, [FERNANDINA], TODAY)
    names = [path.name for path in folder_of(kept.home.exports).rglob("*") if path.is_file()]
    assert names == ["summary.json"]


def test_unrest_by_a_rate_has_a_point_and_a_rate_and_no_probability() -> None:
    slow: dict[str, Any] = {
        "pairs_positive": 0, "probability": 0.004, "slow_dates": 2, "rate_mm_per_day": 0.7,
        "rate_low": 0.3, "rate_high": 0.9, "rate_deviations": 6.1, "rate_latitude": -0.4,
        "rate_longitude": -91.5, "reviewed_by": None,
    }  # fmt: skip
    dates = table_of(DATES, [day(1, "unrest", **slow)])
    told = summary_of(FERNANDINA, dates, date_of(1), 48)
    assert (told.probability, told.peak, told.rate_deviations) == (None, (-0.4, -91.5), 6.1)
    assert told.rate == "0.70 (0.30 to 0.90) mm a day towards the satellite"
    point = json.loads(geojson_of([told]))["features"][1]
    assert point["properties"]["kind"] == "place of the rate"
    assert point["geometry"]["coordinates"] == [-91.5, -0.4]
