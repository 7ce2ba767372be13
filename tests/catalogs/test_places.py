"""Places of an observatory's own, and changes to those of the catalogue."""

import datetime as dt
from pathlib import Path

import pytest

from catalogs.places import NO_GVP_NUMBER, catalogue_of, place_notes
from catalogs.records import DatePair, FrameId
from catalogs.settings import Settings, load_settings
from catalogs.world.volcanoes import load_volcanoes, select_frames
from fringewatch.errors import BadInputError

OWN = """
[volcano."Laguna Azul"]
latitude = -0.37
longitude = -91.55
masked_months = [1, 12]
masked_dates = ["2024-02-01/2024-02-20", 2024-03-06]
bad_pairs = { "20240211_20240306" = "an orbit ramp" }
"""


def settings_of(folder: Path, text: str) -> Settings:
    (folder / "fringewatch.toml").write_text(text, "utf-8")
    return load_settings(home=folder)


def test_a_place_that_the_catalogue_lacks_gets_the_frames_over_it(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, OWN)
    catalogue = catalogue_of(settings)
    assert len(catalogue.volcanoes) == len(load_volcanoes()) + 1
    own = catalogue.find("laguna_AZUL")
    assert (own.slug, own.name, own.gvp_number) == ("laguna-azul", "Laguna Azul", NO_GVP_NUMBER)
    known = {frame for v in load_volcanoes() if v.slug == "fernandina" for frame in v.frames}
    assert known <= set(own.frames)  # it lies where Fernandina lies
    assert catalogue.search("laguna azul") == (own,)
    with pytest.raises(BadInputError, match="no volcano '0'"):
        catalogue.find("0")


def test_masks_and_bad_pairs_are_read_as_toml_has_them(tmp_path: Path) -> None:
    place = settings_of(tmp_path, OWN).volcano["laguna-azul"]
    masked = {day: place.masked_by(dt.date.fromisoformat(day)) for day in (
        "2023-12-31", "2024-01-31", "2024-02-01", "2024-02-20", "2024-02-21", "2024-03-06",
        "2025-03-06",
    )}  # fmt: skip
    span = "2024-02-01 to 2024-02-20"
    assert list(masked.values()) == [
        "every December", "every January", span, span, None, "2024-03-06", None,
    ]  # fmt: skip
    frame, pair = FrameId("106A_09048_000909"), DatePair.parse("20240211_20240306")
    assert place.why_bad(frame, pair) == "an orbit ramp"
    assert place.why_bad(frame, DatePair.parse("20240211_20240223")) is None


def test_a_known_volcano_is_changed_and_the_others_are_as_they_were(tmp_path: Path) -> None:
    text = """
    [volcano.Fernandina]
    frames_left_out = ["106A_09048_000909", "001A_00001_010101"]
    frames_added = ["144A_SM_REUN_S6"]
    threshold = { other = 2.0 }
    [volcano.Fernandina.bad_pairs]
    "001A_00001_010101/20240106_20240118" = "of a frame that it has not"
    "144A_SM_REUN_S6/20240106_20240118" = "snow"
    "20240106_20240130" = "snow"
    """
    settings = settings_of(tmp_path, text)
    before = {volcano.slug: volcano for volcano in load_volcanoes()}
    changed = catalogue_of(settings).find("fernandina")
    assert FrameId("106A_09048_000909") not in changed.frames
    assert changed.frames[-1] == FrameId("144A_SM_REUN_S6")
    assert (changed.latitude, changed.name) == (before["fernandina"].latitude, "Fernandina")
    for volcano in catalogue_of(settings).volcanoes:
        assert volcano == before[volcano.slug] or volcano is changed or volcano.slug == changed.slug
    notes = place_notes(settings, changed)
    assert notes[0].startswith("fernandina: frames_left_out names 001A_00001_010101, which is none")
    assert "bad_pairs names 001A_00001_010101/20240106_20240118, whose frame is none" in notes[1]
    assert "threshold has no entry for simclr-compact-2" in notes[2]
    assert place_notes(settings, before["etna"]) == ()


def test_coordinates_of_ones_own_stay_whatever_the_catalogue_says(tmp_path: Path) -> None:
    text = '[volcano.fernandina]\nlatitude = -0.5\nlongitude = -91.5\nframes = ["144A_SM_REUN_S6"]'
    own = catalogue_of(settings_of(tmp_path, text)).find("353010")
    assert (own.slug, own.latitude, own.longitude) == ("fernandina", -0.5, -91.5)
    assert own.frames == (FrameId("144A_SM_REUN_S6"),)


def test_a_place_without_frames_says_so_when_it_is_to_be_watched(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, "[volcano.point-nemo]\nlatitude = -48.9\nlongitude = -123.4")
    nemo = catalogue_of(settings).find("point nemo")
    assert nemo.frames == ()
    with pytest.raises(BadInputError, match=r"no LiCSAR frame is known for point-nemo .*frames ="):
        select_frames(nemo, [])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            '[volcano.fernandna]\nnotes = "x"',
            "volcano.fernandna.*did you mean fernandina.*latitude",
        ),
        ("[volcano.etna]\nmasked_months = [13]", r"volcano\.etna\.masked_months\[1\] = 13"),
        ("[volcano.etna]\nlatitud = 1", r"\[volcano\.etna\] latitud: .* did you mean latitude\?"),
        ("[volcano.etna]\nlatitude = 1.0", r"volcano\.etna: .*longitude is missing"),
        ("[volcano.etna]\nlatitude = 91.0", r"volcano\.etna\.latitude = 91"),
        ("[volcano.etna]\nbad_pairs = { 20240101_20240102 = ' ' }", "say why 20240101_20240102"),
        ("[volcano.etna]\nbad_pairs = { 20240102_20240101 = 'x' }", "must be the older one"),
        ("[volcano.etna]\n[volcano.211060]", r"\[volcano\.211060\].* another entry for etna"),
        ('[volcano.etna]\nmethod = "guess"', r"volcano\.etna\.method = 'guess'"),
        ('[volcano.etna]\nmethod = "rule"\npreset = "early"', "give one of them"),
        ('[volcano.etna]\nframes = ["x"]', r"etna\.frames\[1\] = 'x'.* not a LiCSAR frame"),
        ('[volcano.etna]\nmasked_dates = ["2024-13-01"]', r"masked_dates\[1\] = '2024-13-01'"),
        ('[volcano.etna]\nmasked_dates = ["2024-02-01/2024-01-01"]', "must be the older one"),
        ('[volcano."北山"]\nlatitude = 1\nlongitude = 2', "lower-case letters"),
        ('[volcano."../etc"]\nlatitude = nan\nlongitude = 2', r"latitude = nan"),
    ],
)
def test_a_wrong_entry_names_the_volcano_the_key_and_the_value(
    tmp_path: Path, text: str, words: str
) -> None:
    with pytest.raises(BadInputError, match=words):
        settings_of(tmp_path, text)


def test_a_name_that_means_another_volcano_is_refused(tmp_path: Path) -> None:
    text = '[volcano.x]\nlatitude = 1\nlongitude = 2\nname = "Etna"'
    with pytest.raises(BadInputError, match="'etna' means both etna and x"):
        catalogue_of(settings_of(tmp_path, text))


def test_settings_without_places_have_the_shipped_catalogue() -> None:
    assert catalogue_of(Settings()).volcanoes is load_volcanoes()
    assert Settings().for_volcano("etna") == Settings()
