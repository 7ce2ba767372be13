"""Commands of corpora as a hurried or unlucky person gives them: what they say, and what stays."""

import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from catalogs.corpora.versions import corpus_at
from catalogs.home.home import Home, open_home
from catalogs.storage.place import Folder
from flows.cli import run
from tasks.corpora import build as building


def draw_pictures(folder: Path, count: int) -> None:
    folder.mkdir()
    y, x = np.mgrid[:224, :224]
    for number in range(count):
        grey = (np.hypot(y - 100, x - 60 - 9 * number) * 5 % 256).astype(np.uint8)
        Image.fromarray(grey).save(folder / f"{number}.png")


def build(name: str, home: str) -> int:
    return run(["corpus", "build", name, "--from", "images:pics", "--workers", "1", "--home", home])


@pytest.mark.parametrize("pointer", ["0123456789ab\n", None], ids=["names one gone", "is lost"])
def test_prune_spares_the_newest_version_where_nobody_knows_which_is_in_use(
    tmp_path: Path, pointer: str | None
) -> None:
    draw_pictures(tmp_path / "pics", 2)
    assert build("a", "h") == 0
    current = tmp_path / "h/corpora/a/current"
    version = current.read_text().strip()
    if pointer is None:
        current.unlink()
    else:
        current.write_text(pointer)
    assert run(["corpus", "prune", "a", "--keep", "0", "--home", "h"]) == 0
    assert corpus_at(Folder(tmp_path / "h/corpora"), "a").finished() == (version,)


def test_a_home_that_began_with_a_corpus_can_be_watched_later(tmp_path: Path) -> None:
    draw_pictures(tmp_path / "pics", 2)
    assert build("a", "h") == 0
    open_home(Home(tmp_path / "h"))
    assert run(["corpus", "show", "a", "--home", "h"]) == 0


def test_a_forgotten_storage_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    draw_pictures(tmp_path / "pics", 2)
    storage = tmp_path / "storage"
    open_home(Home(tmp_path / "h", str(storage)))
    for command in (["list"], ["show", "a"], ["prune", "a", "--keep", "1"]):
        assert run(["corpus", *command, "--home", "h"]) == 2
        assert f"FRINGEWATCH_STORAGE={storage}" in capsys.readouterr().err
    assert build("a", "h") == 2
    assert not (tmp_path / "h/corpora").exists()


def test_a_home_of_a_newer_version_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    draw_pictures(tmp_path / "pics", 2)
    (tmp_path / "h").mkdir()
    (tmp_path / "h/home.json").write_text('{"format": 99}')
    assert build("a", "h") == 2
    assert "newer Fringewatch" in capsys.readouterr().err


@pytest.mark.parametrize("folder", [".", "pics"])
def test_a_contact_sheet_does_not_take_a_folders_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], folder: str
) -> None:
    draw_pictures(tmp_path / "pics", 2)
    assert build("a", "h") == 0
    assert run(["corpus", "show", "a", "--output", folder, "--home", "h"]) == 2
    assert f"cannot write {folder}: it is a folder" in capsys.readouterr().err


def test_settings_that_are_no_text_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "h").mkdir()
    (tmp_path / "h/fringewatch.toml").write_bytes(b'footnote = "\xff"')
    assert run(["corpus", "list", "--home", "h"]) == 2
    assert "fringewatch.toml in the home is no TOML" in capsys.readouterr().err


def test_an_address_of_no_scheduler_is_told_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    draw_pictures(tmp_path / "pics", 2)
    words = ["corpus", "build", "a", "--from", "images:pics", "--home", "h"]
    began = time.monotonic()
    assert run([*words, "--scheduler", "nowhere"]) == 2
    assert time.monotonic() - began < 20.0
    assert "scheduler = 'nowhere' is no address of a scheduler" in capsys.readouterr().err


def test_an_interrupted_build_says_how_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    draw_pictures(tmp_path / "pics", 2)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(building, "write_shard", interrupted)
    assert build("a", "h") == 130
    assert "interrupted; what is done is kept: run it again" in capsys.readouterr().err
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    assert build("a", "h") == 0


def test_damage_is_mended_as_verify_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    draw_pictures(tmp_path / "pics", 2)
    assert build("a", "h") == 0
    version = corpus_at(Folder(tmp_path / "h/corpora"), "a").current()
    store = tmp_path / f"h/corpora/a/{version}.zarr"
    shard = store / "phase/c.0.0.0"
    sound = bytearray(shard.read_bytes())
    shard.write_bytes(sound[:200] + bytes([sound[200] ^ 1]) + sound[201:])
    assert run(["corpus", "show", "a", "--output", "a.png", "--home", "h"]) == 2
    assert "`fringewatch corpus verify a`" in capsys.readouterr().err
    assert run(["corpus", "verify", "a", "--home", "h"]) == 3
    assert f"remove {store.relative_to(tmp_path) / 'zarr.json'}" in capsys.readouterr().out
    (store / "zarr.json").unlink()
    assert build("a", "h") == 0
    assert shard.read_bytes() == sound
    assert run(["corpus", "verify", "a", "--home", "h"]) == 0
