"""Pictures of alarms and of episodes."""

import dataclasses
from pathlib import Path

import pytest
from PIL import Image

from fringewatch.errors import HomeError
from insar_models.onset.rule import Rule
from tasks.assess import rewrapped_pictures
from tasks.assess.rewrapped_pictures import draw_alarms, draw_episodes
from tasks.assess.rewrapped_trial import RewrappedTrial, rewrapped_trial
from tasks.assess.truth import read_truth
from tasks.pictures.contact_strip import PhaseWindow
from tests.tasks.assess.displacement import ONSET, TRUTH, StandIn, write_series


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> RewrappedTrial:
    folder = tmp_path_factory.mktemp("trial")
    (folder / "truth.csv").write_text(TRUTH)
    return rewrapped_trial(write_series(folder), read_truth(folder / "truth.csv"), StandIn())


def test_a_picture_for_each_alarm_and_each_episode(trial: RewrappedTrial, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "pictures"
    alarms = trial.alarms(Rule(), 48)
    drawn = (*draw_alarms(trial, alarms, folder), *draw_episodes(trial, folder))
    names = ["stand-in-rule-2017-01-06.png", "stand-in-episode-2016-12-20.png"]
    assert [place.name for place in drawn] == names
    assert sorted(path.name for path in folder.iterdir()) == sorted(names)
    with Image.open(folder / names[0]) as picture:
        assert picture.width >= 520


Drawn = list[tuple[list[PhaseWindow], str, str]]


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Drawn:
    """Windows, title and footnote of each picture, none of which is made."""
    seen: Drawn = []

    def draw(windows: list[PhaseWindow], place: object, title: str, footnote: str) -> object:
        seen.append((windows, title, footnote))
        return place

    monkeypatch.setattr(rewrapped_pictures, "draw_interferograms", draw)
    return seen


def test_windows_are_cut_to_the_series_and_show_where_the_model_looks(
    trial: RewrappedTrial, tmp_path: Path, drawn: Drawn
) -> None:
    draw_alarms(trial, trial.alarms(Rule(), 48), tmp_path)
    ((windows, title, footnote),) = drawn
    assert {window.phase_rad.shape for window in windows} == {(90, 100)}
    assert all(window.activation is not None for window in windows)
    ends = [(window.pair.secondary, window.pair.primary) for window in windows]
    assert ends == sorted(ends)
    assert title.startswith("Erta Ale, 2017-01-06 by rule\nin the episode")
    assert footnote == "re-wrapped displacement, not LiCSAR products; model stand-in"


def test_an_episode_is_shown_by_the_pairs_that_span_it(
    trial: RewrappedTrial, tmp_path: Path, drawn: Drawn
) -> None:
    draw_episodes(trial, tmp_path)
    ((windows, title, _),) = drawn
    assert len(windows) == 5
    assert all(window.pair.primary < ONSET < window.pair.secondary for window in windows)
    assert title.endswith("dyke (2016-12-20 to 2017-01-05)")


def test_what_has_no_pair_has_no_picture(trial: RewrappedTrial, tmp_path: Path) -> None:
    (alarm,) = trial.alarms(Rule(), 48)
    assert draw_alarms(trial, [dataclasses.replace(alarm, pairs=())], tmp_path) == ()
    assert draw_episodes(dataclasses.replace(trial, scored=()), tmp_path) == ()


def test_a_folder_that_is_a_file_is_an_error(trial: RewrappedTrial, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HomeError, match="file"):
        draw_episodes(trial, tmp_path / "file")
