import csv
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogs.records import FrameId, Volcano
from catalogs.world.frame_geometry import (
    MINIMUM_WINDOW_SHARE,
    FrameCentre,
    FrameFit,
    check_frame,
    load_frame_centres,
    read_frame_centres,
    window_fits,
    window_share,
)
from catalogs.world.volcanoes import find_volcano, load_volcanoes
from fringewatch.errors import BadInputError

CENTRE_KNOWN_TO_NO_TABLE = {
    "003D_09757_111111",
    "008A_12761_090302",
    "018A_09021_121620",
    "018A_09070_111111",
    "018A_09253_131313",
    "053A_04342_030304",
    "075A_00001_000001",
    "120A_12286_131313",
    "140D_07494_040200",
    "142D_08947_131313",
    "144A_SM_REUN_S6",
    "164A_07264_071317",
    "175D_12845_111312",
}

FULL_ASCENDING = FrameId("014A_07688_131313")
FULL_DESCENDING = FrameId("079D_07694_131313")
STRIPMAP = FrameId("151D_SM_REUN_S4")

latitudes = st.floats(-70, 70)
longitudes = st.floats(-180, 180)
offsets = st.floats(-3, 3)


def volcano_at(latitude: float, longitude: float) -> Volcano:
    return replace(find_volcano("taal"), latitude=latitude, longitude=longitude)


def share(frame: FrameId, centre: tuple[float, float], volcano: tuple[float, float]) -> float:
    return window_share(volcano_at(*volcano), FrameCentre(frame, *centre))


def test_every_frame_of_the_catalogue_can_hold_its_volcanos_window() -> None:
    for volcano in load_volcanoes():
        for frame in volcano.frames:
            expected = FrameFit.UNKNOWN if frame.text in CENTRE_KNOWN_TO_NO_TABLE else FrameFit.FITS
            assert check_frame(volcano, frame) is expected, (volcano.slug, frame.text)


def test_the_table_of_centres_holds_the_catalogues_frames_and_no_others() -> None:
    used = {frame for volcano in load_volcanoes() for frame in volcano.frames}

    assert list(load_frame_centres()) == sorted(used)
    unknown = {frame.text for frame, centre in load_frame_centres().items() if centre is None}
    assert unknown == CENTRE_KNOWN_TO_NO_TABLE


@pytest.mark.parametrize("frame", [FULL_ASCENDING, FULL_DESCENDING, STRIPMAP])
def test_a_window_in_the_middle_lies_in_the_frame(frame: FrameId) -> None:
    assert share(frame, (12.0, 40.0), (12.0, 40.0)) == 1.0


@pytest.mark.parametrize(
    ("north_km", "east_km", "expected"),
    [(0, 97, 1.0), (0, 130, 0.5), (97, 0, 1.0), (130, 0, 0.5), (0, 170, 0.0), (170, 0, 0.0)],
)
def test_a_full_frame_is_about_255_km_each_way(
    north_km: float, east_km: float, expected: float
) -> None:
    volcano = (north_km / 111.2, east_km / 111.2)

    assert share(FULL_ASCENDING, (0.0, 0.0), volcano) == pytest.approx(expected, abs=0.12)


def test_the_frame_leans_with_the_flight_direction() -> None:
    # Ascending tracks run to the north-north-west: the frame's northern tip is its eastern corner.
    north_east, north_west = (1.1, 0.6), (1.1, -0.6)

    assert share(FULL_ASCENDING, (0.0, 0.0), north_east) > 0.7
    assert share(FULL_ASCENDING, (0.0, 0.0), north_west) < 0.4
    assert share(FULL_DESCENDING, (0.0, 0.0), north_east) < 0.4
    assert share(FULL_DESCENDING, (0.0, 0.0), north_west) > 0.7


@given(offsets, offsets)
def test_a_descending_frame_is_the_mirror_of_an_ascending_one(north: float, east: float) -> None:
    ascending = share(FrameId("014A_09000_131313"), (0.0, 0.0), (north, east))
    descending = share(FrameId("014D_09000_131313"), (0.0, 0.0), (north, -east))

    assert ascending == pytest.approx(descending, abs=1e-9)


@given(latitudes, longitudes, offsets, offsets)
def test_the_antimeridian_makes_no_difference(
    latitude: float, longitude: float, north: float, east: float
) -> None:
    here = share(FULL_ASCENDING, (latitude, 10.0), (latitude + north, 10.0 + east))
    wrapped = (longitude + east + 180.0) % 360.0 - 180.0
    there = share(FULL_ASCENDING, (latitude, longitude), (latitude + north, wrapped))

    # A sample that lies on the outline to the last bit may fall to either side.
    assert there == pytest.approx(here, abs=0.1)


@given(latitudes, longitudes, latitudes, longitudes)
def test_a_volcano_far_away_is_never_in_the_frame(
    latitude: float, longitude: float, volcano_latitude: float, volcano_longitude: float
) -> None:
    found = share(FULL_ASCENDING, (latitude, longitude), (volcano_latitude, volcano_longitude))

    assert 0.0 <= found <= 1.0
    if abs(latitude - volcano_latitude) > 4:
        assert found == 0.0


def test_the_far_side_of_the_earth_is_not_in_the_frame() -> None:
    assert share(FULL_ASCENDING, (14.0, 121.0), (-14.0, -59.0)) == 0.0


def test_fewer_bursts_and_sub_swaths_make_a_smaller_frame() -> None:
    beside, ahead = (0.0, 0.8), (0.8, 0.0)

    assert share(FrameId("106A_09048_131313"), (0.0, 0.0), beside) == 1.0
    assert share(FrameId("106A_09048_001313"), (0.0, 0.0), beside) < 0.6
    assert share(FrameId("106A_09048_131313"), (0.0, 0.0), ahead) == 1.0
    assert share(FrameId("106A_09048_070605"), (0.0, 0.0), ahead) < 0.3


def test_a_stripmap_frame_is_80_km_wide() -> None:
    assert share(STRIPMAP, (-21.0, 55.0), (-21.0, 55.4)) == pytest.approx(0.5, abs=0.15)
    assert share(STRIPMAP, (-21.0, 55.0), (-21.0, 55.8)) == 0.0


def test_a_window_fits_when_about_half_of_it_can_hold_data() -> None:
    centre = FrameCentre(FULL_ASCENDING, 0.0, 0.0)

    assert window_fits(volcano_at(0.0, 1.1), centre)
    assert window_share(volcano_at(0.0, 1.27), centre) < MINIMUM_WINDOW_SHARE
    assert not window_fits(volcano_at(0.0, 1.27), centre)


@pytest.mark.parametrize(
    ("slug", "frame", "centre"),
    [
        ("copahue", "018A_12668_131313", (-36.6681, -69.8479)),
        ("etna", "106A_09048_000909", (-0.4693, -91.5055)),
    ],
)
def test_a_frame_that_lies_elsewhere_is_found_out(
    slug: str, frame: str, centre: tuple[float, float]
) -> None:
    assert not window_fits(find_volcano(slug), FrameCentre(FrameId(frame), *centre))


def test_a_listed_frame_that_misses_the_volcano_is_reported() -> None:
    assert check_frame(find_volcano("taal"), FrameId("106A_09048_000909")) is FrameFit.MISSES


def test_a_frame_without_a_row_is_refused_with_what_to_do() -> None:
    with pytest.raises(BadInputError, match=r"frame 001A_00001_010101 of taal has no row in .*add"):
        check_frame(find_volcano("taal"), FrameId("001A_00001_010101"))


def test_a_blank_centre_is_unknown(tmp_path: Path) -> None:
    path = tmp_path / "frames.csv"
    path.write_text(
        "frame,center_latitude,center_longitude\n144A_SM_REUN_S6,,\n106A_09048_000909,-0.4,-91.5\n",
        encoding="utf-8",
    )

    assert read_frame_centres(path) == {
        FrameId("144A_SM_REUN_S6"): None,
        FrameId("106A_09048_000909"): FrameCentre(FrameId("106A_09048_000909"), -0.4, -91.5),
    }


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("106A,1,2", "line 2: frame is '106A'"),
        ("106A_09048_000909,,2", "line 2: center_latitude is ''"),
        ("106A_09048_000909,1,", "line 2: center_longitude is ''"),
        ("106A_09048_000909,99,2", "line 2: center_latitude is '99'"),
        ("106A_09048_000909,1,2\n106A_09048_000909,1,2", "line 3: frame is '106A_09048_000909'"),
        ("106A_09048_000909,1", "line 2: 2 values, expected 3"),
    ],
)
def test_a_bad_row_is_named_with_its_line_and_value(
    tmp_path: Path, rows: str, expected: str
) -> None:
    path = tmp_path / "frames.csv"
    path.write_text(f"frame,center_latitude,center_longitude\n{rows}\n", encoding="utf-8")

    with pytest.raises(BadInputError) as caught:
        read_frame_centres(path)

    assert f"{path}, {expected}" in str(caught.value)


def test_the_centres_are_those_of_licsars_table(shared_data: Path) -> None:
    table = shared_data / "catalog" / "licsar_frames_2021.csv"
    with table.open(encoding="utf-8", newline="") as stream:
        known = {
            row["frame"]: (float(row["center_lat"]), float(row["center_lon"]))
            for row in csv.DictReader(stream)
            if row["center_lat"]
        }

    for frame, centre in load_frame_centres().items():
        if centre is None:
            assert frame.text not in known
        else:
            assert known[frame.text] == (centre.latitude, centre.longitude)


def test_the_outline_is_that_of_a_real_frame(shared_data: Path) -> None:
    name = "106A_09048_000909"
    outline = shared_data / "licsar" / name / "metadata" / f"{name}-poly.txt"
    lines = outline.read_text(encoding="utf-8").split("\n")
    corners = [(float(line.split()[1]), float(line.split()[0])) for line in lines if line.strip()]
    centre = load_frame_centres()[FrameId(name)]
    assert centre is not None

    def share_at(latitude: float, longitude: float, scale: float) -> float:
        north, east = latitude - centre.latitude, longitude - centre.longitude
        volcano = volcano_at(centre.latitude + scale * north, centre.longitude + scale * east)
        return window_share(volcano, centre)

    assert len(corners) == 9
    for corner in corners:
        assert share_at(*corner, 0.6) > 0.9
        assert 0.15 < share_at(*corner, 1.0) < 0.7
        assert share_at(*corner, 1.4) < 0.1


def test_the_outline_holds_what_hephaestus_lists(shared_data: Path) -> None:
    table = shared_data / "catalog" / "volcano_frame_map.csv"
    with table.open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["source"] == "Hephaestus_frame_names"]

    shares = []
    for row in rows:
        centre = load_frame_centres().get(FrameId(row["frame_id"]))
        if centre is not None and row["lat"]:
            volcano = volcano_at(float(row["lat"]), float(row["lon"]))
            shares.append(window_share(volcano, centre))

    assert len(shares) > 150
    assert min(shares) >= MINIMUM_WINDOW_SHARE
