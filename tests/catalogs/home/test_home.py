import json
from pathlib import Path

import pytest

from catalogs.home.home import HOME_FORMAT, Home, only_writer, open_home
from fringewatch.errors import HomeError


def test_a_new_home_is_marked_and_opens_again(tmp_path: Path) -> None:
    root = tmp_path / "new" / "home"
    assert open_home(Home(root)) == open_home(Home(root)) == Home(root)
    assert json.loads((root / "home.json").read_text())["format"] == HOME_FORMAT


def test_a_home_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "home.json").write_text('{"format": 99}')
    with pytest.raises(HomeError, match=r"newer Fringewatch.*format 99"):
        open_home(Home(tmp_path))
    assert [entry.name for entry in tmp_path.iterdir()] == ["home.json"]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"what": 1}', '"x"'])
def test_a_damaged_mark_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "home.json").write_text(content)
    with pytest.raises(HomeError, match=r"home\.json is damaged"):
        open_home(Home(tmp_path))


def test_a_folder_of_other_things_is_no_home(tmp_path: Path) -> None:
    (tmp_path / "thesis.doc").write_text("precious")
    with pytest.raises(HomeError, match="no Fringewatch home"):
        open_home(Home(tmp_path))
    assert len(list(tmp_path.iterdir())) == 1


def test_settings_may_be_there_before_the_first_run(tmp_path: Path) -> None:
    (tmp_path / "fringewatch.toml").write_text("")
    (tmp_path / "prefect").mkdir()
    open_home(Home(tmp_path))


def test_a_file_is_no_home(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HomeError, match="is a file"):
        open_home(Home(tmp_path / "file"))


def test_a_second_writer_is_refused(tmp_path: Path) -> None:
    home = open_home(Home(tmp_path))
    refused = pytest.raises(HomeError, match="another Fringewatch run")
    with only_writer(home), refused, only_writer(home):
        pass
    with only_writer(home):
        pass
