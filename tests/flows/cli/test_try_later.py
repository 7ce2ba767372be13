"""What is full, busy or out of reach ends with 5 in every command, and does well a while later."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from catalogs.storage.place import Folder
from flows import cli
from flows.embedded_server import _wait_for
from fringewatch.atomic import disk_errors
from fringewatch.errors import (
    BadInputError,
    DiskFullError,
    HomeError,
    OutOfMemoryError,
    ServerUnavailableError,
    StorageUnavailableError,
)
from insar_models.training.checkpoints import one_at_a_time
from tasks.corpora.report import shards_report
from tasks.records import Outcome
from tasks.workers.base import Failure, attempt
from tasks.workers.embedded import _not_started
from tests.insar_models.small_patch_file import small_patch_file
from tests.mounts import own_mounts
from tests.tasks.scenarios.small_scenario import small_file

LATER = 5

RECIPE = """
batch_size = 4
steps = 1
spare_groups = false
outputs = 8
[encoder]
architecture = "compact"
width = 0.25
size = 32
"""

COMMANDS = """
import json, os, subprocess, sys
from pathlib import Path
from flows import cli

disk, commands = Path(sys.argv[1]), json.loads(sys.argv[2])
disk.mkdir()
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "none", disk], check=True)
codes = []
for words, left in commands:
    there = os.statvfs(disk)
    (disk / "ballast").write_bytes(bytes(there.f_bavail * there.f_frsize - left))
    full = cli.run(words)
    (disk / "ballast").unlink()
    codes.append([words[:2], full, cli.run(words)])
print(json.dumps(codes))
"""


def test_commands_on_a_disk_that_is_full_end_with_5_and_then_do_well(tmp_path: Path) -> None:
    """A real one; what is left of it is enough to begin, and not to end."""
    disk = tmp_path / "disk"
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(RECIPE, "utf-8")
    corpus = str(small_patch_file(tmp_path / "tiny.safetensors", 12).path)
    home = ["--home", str(disk / "home")]
    build = ["corpus", "build", "small", "--from", "simulated:8", "--workers", "1", *home]
    export = ["corpus", "export", "small", str(disk / "small.safetensors"), *home]
    learn = ["pretrain", corpus, "--folder", str(disk / "run"), "--recipe", str(recipe)]
    simulate = ["simulate", str(small_file(tmp_path)), "--output", str(disk / "tree")]
    commands = [(build, 120_000), (export, 8_000), ([*learn, "--device", "cpu"], 0), (simulate, 0)]
    done = subprocess.run(
        [*own_mounts(), sys.executable, "-c", COMMANDS, str(disk), json.dumps(commands)],
        capture_output=True, text=True, check=False, timeout=280,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    codes = json.loads(done.stdout.splitlines()[-1])
    assert codes == [[words[:2], LATER, 0] for words, _ in commands], done.stderr


NO_ROOM = """
import subprocess, sys
from pathlib import Path
from flows import cli

disk = Path(sys.argv[1])
disk.mkdir()
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "none", disk], check=True)
words = ["backfill", "taal", "--start", "2024-01-01", "--end", "2024-02-01"]
code = cli.run([*words, "--portal", str(disk), "--home", str(disk / "home")])
print(code, cli.run(["health", "--home", str(disk / "home")]))
"""


def test_a_disk_without_room_for_prefect_is_full_and_health_says_so(tmp_path: Path) -> None:
    done = subprocess.run(
        [*own_mounts(), sys.executable, "-c", NO_ROOM, str(tmp_path / "disk")],
        capture_output=True, text=True, check=False, timeout=280,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "5 3", done.stderr  # the run is in the history
    assert "! DISK: 0.0 GB free" in done.stdout
    assert "MB free" in done.stderr
    assert "free some space and run again" in done.stderr
    assert "version" not in done.stderr


def test_a_folder_in_which_another_process_learns_is_busy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(RECIPE, "utf-8")
    corpus = str(small_patch_file(tmp_path / "tiny.safetensors", 12).path)
    words = ["pretrain", corpus, "--folder", str(tmp_path / "run"), "--recipe", str(recipe)]
    with one_at_a_time(tmp_path / "run"):
        assert cli.run([*words, "--device", "cpu"]) == LATER
    assert "another process trains in" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "later"),
    [
        (DiskFullError("full"), True),
        (OSError(errno.ENOSPC, "No space left on device"), True),
        (MemoryError("9 GiB"), True),
        (StorageUnavailableError("the bucket gives no answer"), True),
        (BadInputError("a wrong word"), False),
        (HomeError("read-only"), False),
    ],
)
def test_an_item_of_shared_work_says_whether_it_may_do_well_later(
    error: Exception, later: bool
) -> None:
    def work(_: int) -> None:
        raise error

    found = attempt(work, 1)
    assert isinstance(found, Failure)
    assert found.try_later is later


def test_a_batch_job_says_so_too() -> None:
    plan = Folder(Path("plans/p.parquet"))
    assert shards_report([3], {}, plan, DiskFullError("full"))[1] is Outcome.LATER
    assert shards_report([3], {}, plan, HomeError("read-only"))[1] is Outcome.NOTHING


@pytest.mark.parametrize("number", [errno.ESTALE, errno.ETIMEDOUT, errno.ENOTCONN])
def test_a_file_system_of_another_machine_that_is_away(number: int) -> None:
    with pytest.raises(StorageUnavailableError), disk_errors(Path("home")):
        raise OSError(number, os.strerror(number))


def test_workers_for_which_there_is_no_memory_or_disk() -> None:
    short = _not_started(BlockingIOError(errno.EAGAIN, "fork"), "2 processes")
    assert isinstance(short, OutOfMemoryError)
    full = _not_started(OSError(errno.ENOSPC, "No space left on device"), "no folder")
    assert isinstance(full, DiskFullError)
    assert isinstance(_not_started(RuntimeError("a script"), "words"), HomeError)


@pytest.mark.parametrize(
    ("says", "lives", "kind"),
    [
        ("sqlite3.OperationalError: database or disk is full", False, DiskFullError),
        ("Can't locate revision identified by '0a1'", False, HomeError),
        ("", True, ServerUnavailableError),
    ],
)
def test_an_embedded_server_that_does_not_start(
    says: str, lives: bool, kind: type[Exception], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.embedded_server._START_LIMIT_S", 0.2)
    log = tmp_path / "server.log"
    log.write_text(says, "utf-8")
    words = "import sys; sys.stdin.read()" if lives else "raise SystemExit(1)"
    process = subprocess.Popen([sys.executable, "-c", words], stdin=subprocess.PIPE)
    if not lives:
        process.wait(30)
    with pytest.raises(kind) as caught:
        _wait_for(1, process, log)
    assert type(caught.value) is kind
    assert str(log) in str(caught.value) or "full" in str(caught.value)
