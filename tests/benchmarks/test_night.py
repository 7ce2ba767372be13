"""The volcanoes of the night that is measured."""

from benchmarks.night import watched


def test_each_volcano_has_a_frame_of_its_own() -> None:
    volcanoes = watched(100)
    assert len({volcano.slug for volcano, _ in volcanoes}) == 100
    assert len({frame for _, frame in volcanoes}) == 100
    assert all(frame in volcano.frames for volcano, frame in volcanoes)
