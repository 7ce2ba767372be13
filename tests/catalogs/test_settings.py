from pathlib import Path

import pytest
from pydantic import ValidationError

from catalogs.settings import Settings, load_settings
from fringewatch.errors import BadInputError


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def test_an_argument_beats_the_environment_and_that_beats_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "fringewatch.toml").write_text('connections = 2\nretries = 2\nmodel = "file"\n')
    monkeypatch.setenv("FRINGEWATCH_RETRIES", "3")
    monkeypatch.setenv("FRINGEWATCH_MODEL", "environment")
    settings = load_settings(home=tmp_path, model="argument")
    assert (settings.connections, settings.retries, settings.model) == (2, 3, "argument")


def test_the_file_is_looked_for_in_the_home_that_the_environment_names(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "fringewatch.toml").write_text('watch = ["taal", "etna"]\n')
    monkeypatch.setenv("FRINGEWATCH_HOME", str(tmp_path))
    assert load_settings().watch == ("taal", "etna")


def test_a_misspelt_variable_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRINGEWATCH_CONECTIONS", "2")
    with pytest.raises(BadInputError, match="FRINGEWATCH_CONNECTIONS"):
        load_settings()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("conections = 2", "conections"),
        ("connections = 99", "connections = 99"),
        ("water_coherence = 'x'", "water_coherence = 'x'"),
        ("connections = ", "no TOML"),
    ],
)
def test_a_wrong_file_is_refused_with_the_name_and_value(
    tmp_path: Path, text: str, words: str
) -> None:
    (tmp_path / "fringewatch.toml").write_text(text)
    with pytest.raises(BadInputError, match=words):
        load_settings(home=tmp_path)


def test_settings_do_not_change() -> None:
    settings = Settings()
    with pytest.raises(ValidationError, match="frozen"):
        settings.model = "other"
