import csv
import gzip
import re
import unicodedata
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogs.records import FrameId, Volcano
from catalogs.world.volcanoes import (
    find_volcano,
    load_volcanoes,
    plain_spelling,
    read_volcanoes,
    select_frames,
    shipped_catalogue,
)
from fringewatch.errors import BadInputError

HEADER = "name,slug,gvp_number,latitude,longitude,region,frames"
ETNA = "Etna,etna,211060,37.748,14.999,europe,044A_05255_141005 124D_05291_081406"

NAMED_BY_THE_PAPER = ("ale-bagu", "cerro-azul", "etna", "fagradalsfjall", "taal")
EXPECTED_BESIDES = (
    "agung", "campi-flegrei", "domuyo", "erta-ale", "fernandina", "kilauea", "la-palma",
    "laguna-del-maule", "mauna-loa", "piton-de-la-fournaise", "sierra-negra", "wolf",
)  # fmt: skip

HEPHAESTUS_SPELLINGS = {
    "ghegam_ridge": "ghegam-ridge",
    "gloria": "la-gloria",
    "hierro": "hierro",
    "hualalai2": "hualalai",
    "la": "la-gloria",  # "La Gloria", cut in two by a comma
    "la_palma": "la-palma",
    "resago": "resago",
    "taranaki_egmont": "taranaki",
}
WITHOUT_A_SMITHSONIAN_NUMBER = {
    "cochiquito_volcanic_group", "geysir", "grensdalur", "llancanelo_volcanic_field",
    "moutohora_island", "nevado_de_los_piuquenes", "northern_mendoza_volcanic_field", "panay",
    "puelche_volcanic_field", "rotorua", "silver_lake", "sordo_lucas", "tupungato", "unnamed",
}  # fmt: skip
NOT_IN_THE_SMITHSONIAN_LIST_OF_2021 = {371032, 355060}  # Fagradalsfjall, Ollagüe


def volcanoes_of(tmp_path: Path, *rows: str) -> tuple[Volcano, ...]:
    path = tmp_path / "volcanoes.csv"
    path.write_text("\n".join((HEADER, *rows)) + "\n", encoding="utf-8")
    return read_volcanoes(path)


def test_the_catalogue_holds_the_volcanoes_that_people_ask_for() -> None:
    slugs = {volcano.slug for volcano in load_volcanoes()}

    assert len(slugs) >= 400
    assert slugs.issuperset(NAMED_BY_THE_PAPER)
    assert slugs.issuperset(EXPECTED_BESIDES)


def test_the_catalogue_is_sorted_and_nothing_stands_in_it_twice() -> None:
    volcanoes = load_volcanoes()
    slugs = [volcano.slug for volcano in volcanoes]

    assert slugs == sorted(set(slugs))
    assert len({volcano.gvp_number for volcano in volcanoes}) == len(volcanoes)
    assert len({plain_spelling(volcano.name) for volcano in volcanoes}) == len(volcanoes)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug) for slug in slugs)


def test_the_catalogue_is_parsed_once() -> None:
    assert load_volcanoes() is load_volcanoes()


def test_fagradalsfjall_is_an_entry_of_its_own_with_its_best_frame_first() -> None:
    volcano = find_volcano("fagradalsfjall")

    assert volcano.gvp_number == 371032
    assert (volcano.latitude, volcano.longitude) == (63.895, -22.258)
    assert [str(frame) for frame in volcano.frames] == [
        "155D_02579_100800",
        "155D_02484_191814",
        "016A_02562_091313",
        "016A_02504_162118",
        "155D_02611_050400",
    ]


def test_two_volcanoes_of_one_name_keep_their_own_place_and_frames() -> None:
    galapagos, chile = find_volcano("Cerro Azul"), find_volcano("Cerro Azul (Chile)")

    assert (galapagos.gvp_number, chile.gvp_number) == (353060, 357060)
    assert galapagos.latitude > -2 > -30 > chile.latitude
    assert not set(galapagos.frames) & set(chile.frames)


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("cerro-azul", "cerro-azul"),
        ("Cerro_Azul", "cerro-azul"),
        ("  CERRO   azul ", "cerro-azul"),
        ("Öræfajökull", "oraefajokull"),
        ("Bárðarbunga", "bardarbunga"),
        ("Þeistareykir", "theistareykir"),
        ("ollague", "ollague"),
        ("OLLAGÜE", "ollague"),
        ("El Hierro", "hierro"),
        ("piton_de_la_fournaise", "piton-de-la-fournaise"),
        ("353010", "fernandina"),
        ("St. Helens", "st-helens"),
    ],
)
def test_a_volcano_is_found_in_any_spelling(name: str, slug: str) -> None:
    assert find_volcano(name).slug == slug


@pytest.mark.parametrize(
    ("name", "suggested"),
    [
        ("fernandna", "fernandina"),
        ("Fagradalsfjal", "fagradalsfjall"),
        ("sakurajima", "aira"),
        ("San Cristobal", "san-cristobal-galapagos, san-cristobal-nicaragua"),
        ("371033", "fagradalsfjall"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(name: str, suggested: str) -> None:
    with pytest.raises(BadInputError) as caught:
        find_volcano(name)

    assert str(caught.value).startswith(f"no volcano '{name}' in the catalogue; did you mean ")
    assert suggested in str(caught.value)
    assert str(caught.value).endswith("? `fringewatch volcanoes` lists all")


@pytest.mark.parametrize("name", ["", "  ", "---", "qqqqxxxx", "火山"])
def test_a_name_near_to_nothing_is_answered_without_a_guess(name: str) -> None:
    with pytest.raises(BadInputError, match=r"in the catalogue; `fringewatch volcanoes` lists"):
        find_volcano(name)


@pytest.mark.parametrize(
    ("text", "slugs"),
    [
        ("fernandina", {"fernandina"}),
        ("FERNAND", {"fernandina"}),
        ("sakurajima", {"aira"}),
        ("371032", {"fagradalsfjall"}),
        ("azul", {"cerro-azul", "cerro-azul-chile"}),
        ("azul south_america", {"cerro-azul-chile"}),
        ("azul - South America", {"cerro-azul-chile"}),
        ("REUN_S6", {"piton-de-la-fournaise"}),
        ("106a_09090", {"cerro-azul", "sierra-negra"}),
        ("ollagüe", {"ollague"}),
        ("Ключевская", set()),
        ("no such volcano", set()),
    ],
)
def test_search_looks_at_every_field(text: str, slugs: set[str]) -> None:
    assert {volcano.slug for volcano in shipped_catalogue().search(text)} == slugs


def test_search_for_nothing_gives_all() -> None:
    assert shipped_catalogue().search() == shipped_catalogue().search("  ") == load_volcanoes()


@given(st.text())
def test_a_plain_spelling_stays_as_it_is(text: str) -> None:
    spelling = plain_spelling(text)

    assert plain_spelling(spelling) == spelling
    assert not spelling.startswith("-")
    assert not spelling.endswith("-")
    assert "--" not in spelling
    assert " " not in spelling
    assert "_" not in spelling


@given(st.sampled_from(load_volcanoes()), st.sampled_from(["-", "_", " ", "  ", " - "]), st.data())
def test_case_accents_and_separators_never_hide_a_volcano(
    volcano: Volcano, separator: str, data: st.DataObject
) -> None:
    letters = volcano.slug.replace("-", separator)
    shouted = data.draw(st.sampled_from([letters, letters.upper(), letters.title()]))
    # A combining acute accent behind every letter a.
    accented = unicodedata.normalize("NFC", shouted.replace("a", "a\u0301"))

    assert find_volcano(accented) == volcano
    assert volcano in shipped_catalogue().search(accented)


@given(st.sampled_from(load_volcanoes()), st.data())
def test_every_part_of_a_slug_finds_its_volcano(volcano: Volcano, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(volcano.slug) - 1))
    end = data.draw(st.integers(start + 1, len(volcano.slug)))

    assert volcano in shipped_catalogue().search(volcano.slug[start:end])


@given(st.text(max_size=30))
def test_any_text_is_searched_and_looked_up_without_a_traceback(text: str) -> None:
    found = shipped_catalogue().search(text)

    assert set(found) <= set(load_volcanoes())
    with suppress(BadInputError):
        # Whatever has a name of its own is found by searching for that name too.
        assert find_volcano(text) in found


def test_all_frames_are_selected_when_none_is_named() -> None:
    taal = find_volcano("taal")

    assert select_frames(taal, []) == taal.frames


def test_frames_are_selected_in_the_order_asked_for_and_once() -> None:
    taal = find_volcano("taal")

    chosen = select_frames(taal, ["032D_07536_111313", "142A_07606_131313", "032D_07536_111313"])

    assert [str(frame) for frame in chosen] == ["032D_07536_111313", "142A_07606_131313"]


def test_a_frame_of_another_volcano_is_refused_with_the_choice() -> None:
    with pytest.raises(BadInputError) as caught:
        select_frames(find_volcano("taal"), ["142A_07606_131313", "106A_09048_000909"])

    assert str(caught.value) == (
        "frame 106A_09048_000909 is not listed for taal: choose from "
        "142A_07606_131313, 032D_07536_111313, 032D_07538_111311"
    )


def test_a_name_that_is_no_frame_is_refused() -> None:
    with pytest.raises(BadInputError, match="'142A' is not a LiCSAR frame id"):
        select_frames(find_volcano("taal"), ["142A"])


def test_a_row_becomes_a_volcano(tmp_path: Path) -> None:
    assert volcanoes_of(tmp_path, ETNA) == (
        Volcano(
            name="Etna",
            slug="etna",
            gvp_number=211060,
            latitude=37.748,
            longitude=14.999,
            region="europe",
            frames=(FrameId("044A_05255_141005"), FrameId("124D_05291_081406")),
        ),
    )


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (",etna,211060,37,15,europe,044A_05255_141005", "name is ''"),
        ("Etna,Etna,211060,37,15,europe,044A_05255_141005", "slug is 'Etna'"),
        ("Etna,etna-,211060,37,15,europe,044A_05255_141005", "slug is 'etna-'"),
        ("Etna,etna,21106,37,15,europe,044A_05255_141005", "gvp_number is '21106'"),
        ("Etna,etna,21106x,37,15,europe,044A_05255_141005", "gvp_number is '21106x'"),
        ("Etna,etna,211060,north,15,europe,044A_05255_141005", "latitude is 'north'"),
        ("Etna,etna,211060,97,15,europe,044A_05255_141005", "latitude is '97'"),
        ("Etna,etna,211060,37,195,europe,044A_05255_141005", "longitude is '195'"),
        ("Etna,etna,211060,37,15,South Europe,044A_05255_141005", "region is 'South Europe'"),
        ("Etna,etna,211060,37,15,europe,", "frames is ''"),
        ("Etna,etna,211060,37,15,europe,044A_05255", "frames is '044A_05255'"),
        ("Etna,etna,211060,37,15,europe,044A_05255_141005;x", "is not a LiCSAR frame id"),
        ("Etna,etna,211060,37,15,europe,044A_05255_141005  044A_05255_1", "frames is"),
        ("E,etna,211060,37,15,europe,044A_05255_141005 044A_05255_141005", "each once"),
        ("Etna,etna,211060,37,15,europe", "6 values, expected 7"),
    ],
)
def test_a_bad_row_is_named_with_its_line_and_value(
    tmp_path: Path, row: str, expected: str
) -> None:
    taal = "Taal,taal,273070,14.002,120.993,southeast_asia,142A_07606_131313"

    with pytest.raises(BadInputError) as caught:
        volcanoes_of(tmp_path, taal, row)

    assert "volcanoes.csv, line 3: " in str(caught.value)
    assert expected in str(caught.value)


@pytest.mark.parametrize(
    ("row", "spelling"),
    [
        (ETNA.replace("Etna", "Mongibello").replace("211060", "211061"), "etna"),
        (ETNA.replace("Etna,etna", "ÉTNA,mongibello").replace("211060", "211061"), "etna"),
        (ETNA.replace("Etna,etna", "Mongibello,mongibello"), "211060"),
        (ETNA.replace("Etna,etna,211060", "211060,mongibello,211061"), "211060"),
    ],
)
def test_what_could_mean_two_volcanoes_is_refused(tmp_path: Path, row: str, spelling: str) -> None:
    with pytest.raises(BadInputError, match=rf"line 3: '{spelling}' means the volcano of line 2"):
        volcanoes_of(tmp_path, ETNA, row)


def test_numbers_and_coordinates_are_the_smithsonians(shared_data: Path) -> None:
    table = shared_data / "catalog" / "gvp_votw_4.9.3_2021-02-01.csv"
    with table.open(encoding="utf-8", newline="") as stream:
        known = {
            int(row["Volcano Number"]): (float(row["Latitude"]), float(row["Longitude"]))
            for row in csv.DictReader(stream)
        }

    for volcano in load_volcanoes():
        if volcano.gvp_number not in NOT_IN_THE_SMITHSONIAN_LIST_OF_2021:
            assert known[volcano.gvp_number] == (volcano.latitude, volcano.longitude), volcano.slug


def test_every_volcano_that_hephaestus_covers_is_in_the_catalogue(shared_data: Path) -> None:
    numbers = {volcano.gvp_number for volcano in load_volcanoes()}
    table = shared_data / "catalog" / "volcano_frame_map.csv"
    with table.open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["source"] == "Hephaestus_frame_names"]

    assert len(rows) > 200
    for row in rows:
        if row["volcano"] in HEPHAESTUS_SPELLINGS:
            assert (
                FrameId(row["frame_id"])
                in find_volcano(HEPHAESTUS_SPELLINGS[row["volcano"]]).frames
            )
        elif row["gvp_number"]:
            assert int(row["gvp_number"]) in numbers, row["volcano"]
        else:
            assert row["volcano"] in WITHOUT_A_SMITHSONIAN_NUMBER


def test_every_frame_with_labels_sees_a_volcano_of_the_catalogue(shared_data: Path) -> None:
    listed = {frame.text for volcano in load_volcanoes() for frame in volcano.frames}
    table = shared_data / "labels" / "hephaestus_labels.csv.gz"
    with gzip.open(table, "rt", encoding="utf-8", newline="") as stream:
        labelled = {row["frameID"] for row in csv.DictReader(stream)}

    assert len(labelled) == 38
    assert labelled <= listed
