"""The documented commands, run as written."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from catalogs.storage.place import Folder
from catalogs.tables import DATES, read_table
from insar_models.patchfile.writer import write_patch_file
from tests.docs.blocks import Block, blocks
from tests.docs.sandbox import Sandbox, write_tree
from tests.end_to_end.service import Service, settings_of, wait_until
from tests.insar_models.small_patch_file import FACTS, columns_of, patches_of
from tests.mail import MailServer
from tests.portal.server import StandInPortal
from tests.storage import StorageServer

SHELL = [block for block in blocks() if not block.language]
AS_WRITTEN = [block for block in SHELL if not block.mark or block.mark.startswith("in: ")]
BESIDE = [block for block in SHELL if block.mark.startswith("terminal: ")]
PYTHON = {block.page: block for block in blocks() if block.language == "python"}


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandInPortal]:
    with StandInPortal(write_tree(tmp_path_factory.mktemp("tree"))) as portal:
        yield portal


@pytest.fixture(scope="module")
def mail() -> Iterator[MailServer]:
    server = MailServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def sandbox(
    portal: StandInPortal,
    mail: MailServer,
    prefect_server: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Sandbox:
    channel = mail.url.get_secret_value()
    return Sandbox(tmp_path_factory.mktemp("sandbox"), portal.url, channel, prefect_server)


@pytest.mark.parametrize("block", AS_WRITTEN, ids=lambda block: block.name)
def test_a_block_runs_as_written(block: Block, sandbox: Sandbox) -> None:
    done = sandbox.run(block.text, block.mark.removeprefix("in: ") or ".")
    assert done.returncode == 0, f"{block.name}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr


def write_corpus(path: Path, places: int = 5, patches: int = 400) -> None:
    """Write patches of several places that share no ground."""
    names = tuple(f"place-{number}" for number in range(places))
    pictures = patches_of(patches)
    columns = columns_of(pictures)
    columns["volcano"] = columns["frame"] = (np.arange(patches) % places).astype(np.uint16)
    facts = replace(FACTS, words={**FACTS.words, "volcano": names, "frame": names})
    write_patch_file(path, facts, columns, [pictures])


def test_the_reading_of_a_corpus_runs_as_written(sandbox: Sandbox) -> None:
    pytest.importorskip("torch")
    write_corpus(sandbox.folder / "corpus.safetensors")
    text = f"{PYTHON['docs/corpora.md'].text}    print(batch.phase.shape, batch.phase.dtype)\n"
    done = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, check=False,
        cwd=sandbox.folder, env=sandbox.environment(), timeout=200,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "(256, 224, 224)" in done.stdout.replace(
        "torch.Size([256, 224, 224])", "(256, 224, 224)"
    )
    assert "torch.uint8" in done.stdout


def test_a_cube_in_object_storage_opens_as_written(
    sandbox: Sandbox, storage_server: StorageServer
) -> None:
    variables = {**storage_server.variables, "AWS_ALLOW_HTTP": "true"}
    (cube,) = (sandbox.home / "cubes" / "taal").iterdir()
    code = (
        "import pathlib, sys\nfrom obstore.store import S3Store\n"
        f"place = S3Store('observatory', prefix='fringewatch/cubes/taal/{cube.name}')\n"
        f"cube = pathlib.Path({str(cube)!r})\n"
        "for file in cube.rglob('*'):\n"
        "    if file.is_file(): place.put(str(file.relative_to(cube)), file.read_bytes())\n"
    )
    storage_server._call("PUT", "/observatory")
    text = f"{code}{PYTHON['docs/data-layout.md'].text}print(dict(cube.sizes))\n"
    done = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, check=False,
        cwd=sandbox.folder, env=sandbox.environment() | variables, timeout=200,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "3" in done.stdout


@pytest.mark.long
def test_the_terminals_of_a_schedule_as_written(portal: StandInPortal, tmp_path: Path) -> None:
    """Server and worker by hand, and what is asked of them, line by line."""
    where = Service(tmp_path)
    folder = tmp_path / "checkout"
    folder.mkdir()
    sandbox = Sandbox(folder, portal.url)
    home = tmp_path / "home"
    sandbox.fill(home, portal.url)
    file = folder / "docs" / "systemd" / "fringewatch.env"
    file.write_text(where.placed(file.read_text("utf-8")), "utf-8")
    (secret,) = (block for block in AS_WRITTEN if "secret.env" in block.text)
    assert sandbox.run(secret.text).returncode == 0
    password = settings_of((folder / "secret.env").read_text("utf-8"))
    assert (folder / "secret.env").stat().st_mode & 0o077 == 0
    where.environment |= password
    started = []
    try:
        for terminal in ("server", "worker"):
            (text,) = (b.text for b in BESIDE if b.mark == f"terminal: {terminal}")
            with (tmp_path / f"{terminal}.log").open("wb") as log:
                started.append(
                    subprocess.Popen(
                        ["bash", "-euo", "pipefail", "-c", text],
                        stdout=log,
                        stderr=log,
                        cwd=folder,
                        env=sandbox.environment(),
                        start_new_session=True,
                    )
                )
            if terminal == "server":
                wait_until(where.answers, 240, lambda: where.log("server"))
        wait_until(lambda: "Worker '" in where.log("worker"), 240, lambda: where.log("worker"))
        asks = "set -a; . ./fringewatch.env; . ./secret.env; set +a\n"
        for block in BESIDE:
            if block.mark == "terminal: asks":
                done = sandbox.run(asks + block.text)
                assert done.returncode == 0, done.stdout + done.stderr
        runs = "set -a; . ./fringewatch.env; . ./secret.env; set +a\nprefect flow-run ls"
        wait_until(
            lambda: sandbox.run(runs).stdout.count("COMPLETED") >= 1,
            240,
            lambda: where.log("worker"),
        )
    finally:
        for process in reversed(started):
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
    dates = read_table(DATES, Folder(home / "detections" / "taal"))
    assert len(dates) == 3
