"""Frames over a place, and frames of a track joined along it."""

import pytest

from catalogs.world import frames_near
from catalogs.world.frame_geometry import MINIMUM_WINDOW_SHARE, load_frame_centres, points_inside
from catalogs.world.frames_near import WHOLE, frames_over, tracks_over, tracks_passing
from catalogs.world.volcanoes import load_volcanoes


@pytest.mark.parametrize("slug", ["fernandina", "etna", "taal", "kilauea"])
def test_the_frames_over_a_volcano_are_those_of_the_catalogue(slug: str) -> None:
    (volcano,) = (each for each in load_volcanoes() if each.slug == slug)
    known = {f for f in volcano.frames if load_frame_centres()[f] is not None}
    assert known <= set(frames_over(volcano.latitude, volcano.longitude))


def test_frames_of_a_track_are_joined_where_one_does_not_hold_the_window() -> None:
    """Between two frames of a track that follow each other along it."""
    found = []
    centres = {frame: centre for frame, centre in load_frame_centres().items() if centre}
    for frame, centre in centres.items():
        for other, beyond in centres.items():
            near = abs(centre.latitude - beyond.latitude) < 3
            if frame < other and frame.pass_name == other.pass_name and near:
                middle = ((centre.latitude + beyond.latitude) / 2,
                          (centre.longitude + beyond.longitude) / 2)  # fmt: skip
                found += [t for t in tracks_over(*middle) if len(t.joined) > 1]
        if len(found) > 3:
            break
    assert found
    for track in found:
        assert track.joined_share > track.frames[0].share
        assert track.frames[0].share < WHOLE
        assert track.joined[0] == track.frames[0].frame
        assert {frame.pass_name for frame in track.joined} == {track.track}


def test_a_frame_that_holds_all_is_joined_with_none() -> None:
    first = tracks_over(-0.37, -91.55)[0]
    assert (first.track, first.joined_share, len(first.joined)) == ("106A", 1.0, 1)
    shares = {one.frame: one.share for one in first.frames}
    centre = load_frame_centres()[first.joined[0]]
    assert centre is not None
    assert shares[first.joined[0]] == points_inside(-0.37, -91.55, centre).mean() == 1.0
    chosen = frames_over(-0.37, -91.55)
    assert all(shares.get(f, 1.0) >= MINIMUM_WINDOW_SHARE for f in chosen)


def test_there_is_none_over_the_open_ocean() -> None:
    assert tracks_over(-48.9, -123.4) == ()
    assert frames_over(-48.9, -123.4) == ()


def test_a_track_is_found_by_its_frames_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each sixth frame is forgotten, with all of its track that lie over its middle."""
    known = {frame: centre for frame, centre in load_frame_centres().items() if centre}
    asked = found = 0
    for frame, centre in list(known.items())[::6]:
        place = centre.latitude, centre.longitude
        left = {
            other: beyond
            for other, beyond in known.items()
            if other.pass_name != frame.pass_name or not points_inside(*place, beyond).any()
        }
        beside = [one for one in left.values() if one.frame.pass_name == frame.pass_name]
        if not any(abs(one.latitude - centre.latitude) <= 10 for one in beside):
            continue
        monkeypatch.setattr(frames_near, "load_frame_centres", left.copy)
        passing = {one.track: one for one in tracks_passing(*place)}
        asked += 1
        if one := passing.get(frame.pass_name):
            found += 1
            first, last = one.numbers
            assert first <= int(str(frame).split("_")[1]) <= last
    assert asked > 10
    assert found >= 0.9 * asked


def test_where_no_known_track_passes_none_is_named() -> None:
    assert tracks_passing(-48.9, -123.4) == ()
    for one in tracks_passing(41.0, 29.0):
        assert one.track not in {track.track for track in tracks_over(41.0, 29.0)}
        assert one.offset_km <= 128
