from pathlib import Path

import pytest
from pydantic import ValidationError

from catalogs.settings import Settings, load_settings
from fringewatch.errors import BadInputError
from insar_models.onset.methods import METHOD_NAMES


@pytest.fixture(autouse=True)
def _own_method(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FRINGEWATCH_METHOD", raising=False)  # that of whole runs in tests


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
        ('method = "guess"', "method = 'guess'.*'rule', 'cumulative-sum' or 'deconvolution'"),
        ('method_options = "dates"', "method_options = 'dates'"),
        ('method_options = { dates = "two" }', "method_options.dates.* = 'two'"),
    ],
)
def test_a_wrong_file_is_refused_with_the_name_and_value(
    tmp_path: Path, text: str, words: str
) -> None:
    (tmp_path / "fringewatch.toml").write_text(text)
    with pytest.raises(BadInputError, match=words):
        load_settings(home=tmp_path)


def test_the_method_and_its_options_come_from_the_file_and_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "fringewatch.toml").write_text(
        'method = "cumulative-sum"\n[method_options]\nlevel = 2\nshare = 0.5\n'
    )
    settings = load_settings(home=tmp_path)
    assert settings.method == "cumulative-sum"
    assert settings.method_options == {"level": 2, "share": 0.5}
    assert isinstance(settings.method_options["level"], int)
    monkeypatch.setenv("FRINGEWATCH_METHOD_OPTIONS", '{"level": 3}')
    assert load_settings(home=tmp_path).method_options["level"] == 3


def test_every_method_can_be_set() -> None:
    for name in METHOD_NAMES:
        assert load_settings(method=name).method == name
    assert load_settings().method in METHOD_NAMES


def test_settings_do_not_change() -> None:
    settings = Settings()
    with pytest.raises(ValidationError, match="frozen"):
        settings.model = "other"
