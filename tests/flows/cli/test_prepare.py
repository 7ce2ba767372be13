"""What commands do before Prefect is there: who only looks makes nothing and claims nothing."""

from pathlib import Path

import pytest

from catalogs.home.home import home_of
from catalogs.settings import Settings
from flows.cli import run
from flows.cli.common import prepare
from fringewatch.errors import NoHomeError
from tests.tasks.kept_home import KeptHome


@pytest.fixture(autouse=True)
def _no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flows.prefect_home.prepare_prefect", lambda *_, **__: None)


@pytest.mark.parametrize("writes", [False, True])
def test_a_storage_is_claimed_by_who_writes(kept: KeptHome, tmp_path: Path, writes: bool) -> None:
    storage = tmp_path / "storage"
    settings = kept.settings.model_copy(update={"storage": str(storage)})
    prepare(settings, writes=writes)
    assert (storage / "fringewatch-storage.json").is_file() == writes
    assert (home_of(settings).root / "storage.json").is_file() == writes


def test_who_only_looks_makes_no_home(tmp_path: Path) -> None:
    with pytest.raises(NoHomeError):
        prepare(Settings(home=tmp_path / "home"), writes=False)
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(("words", "writes"), [([], False), (["--repair"], True)])
def test_verify_writes_to_no_storage_unless_it_repairs(
    kept: KeptHome, tmp_path: Path, words: list[str], writes: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRINGEWATCH_STORAGE", str(tmp_path / "storage"))
    monkeypatch.setattr("flows.verify.verify", lambda *_, **__: [])
    run(["verify", *words, "--home", str(kept.settings.home), "--portal", kept.portal.url])
    assert (tmp_path / "storage").exists() == writes
