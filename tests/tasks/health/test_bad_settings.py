"""Settings that are wrong begin no run, and do not leave numbers that look well."""

from pathlib import Path

import pytest

from catalogs.settings import load_settings
from fringewatch.errors import BadInputError
from tasks.health.bad_settings import tell_of_bad_settings


@pytest.mark.parametrize(
    "text",
    [
        'metrics_file = "FILE"\nconnections = 99\n',
        "metrics_file = 'FILE'\nwatch = [\n",
        '\ufeffmetrics_file = "FILE"\nwach = []\n',
    ],
)
def test_prometheus_hears_of_it(tmp_path: Path, text: str) -> None:
    file = tmp_path / "fringewatch.prom"
    file.write_text("fringewatch_well 1.0\n")
    (tmp_path / "fringewatch.toml").write_text(text.replace("FILE", str(file)), "utf-8")
    with pytest.raises(BadInputError) as caught:
        load_settings(home=tmp_path)
    tell_of_bad_settings(tmp_path, caught.value)
    lines = file.read_text().splitlines()
    assert "fringewatch_well 0.0" in lines
    assert 'fringewatch_findings{check="settings"} 1.0' in lines
    assert any(line.startswith("fringewatch_looked_timestamp_seconds 1") for line in lines)
    assert not any(line.startswith("fringewatch_state{") for line in lines)


def test_without_a_file_nothing_is_written(tmp_path: Path) -> None:
    tell_of_bad_settings(tmp_path, BadInputError("wrong"))
    assert list(tmp_path.iterdir()) == []


def test_the_environment_names_it_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRINGEWATCH_METRICS_FILE", str(tmp_path / "a.prom"))
    tell_of_bad_settings(None, BadInputError("wrong"))
    assert "fringewatch_well 0.0" in (tmp_path / "a.prom").read_text()
