"""A Dask scheduler and workers that do not belong to the process that uses them."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


class Elsewhere:
    """A scheduler and workers that run on their own."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "scheduler.json"
        self.processes: list[subprocess.Popen[bytes]] = []
        self.scheduler = self._start("dask_scheduler", "--host", "127.0.0.1", "--port", "0")
        wait_until(self.file.exists)
        self.address: str = json.loads(self.file.read_text())["address"]

    def add_worker(self, *more: str) -> subprocess.Popen[bytes]:
        return self._start("dask_worker", "--nthreads", "1", *more)

    def end(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()

    def _start(self, module: str, *arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.{module}", "--no-dashboard"]
        process = subprocess.Popen(
            [*command, "--scheduler-file", str(self.file), *arguments],
            cwd=ROOT,
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "DASK_TEMPORARY_DIRECTORY": str(self.file.parent),
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.processes.append(process)
        return process


def wait_until(true: Callable[[], bool], limit: float = 30.0) -> None:
    end = time.monotonic() + limit
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def listeners(pid: int) -> Iterator[str]:
    """Addresses that a process listens at, from /proc."""
    folder = Path(f"/proc/{pid}")
    if not folder.is_dir():
        pytest.skip("there is no /proc here")
    sockets = set()
    for descriptor in (folder / "fd").iterdir():
        try:
            sockets.add(descriptor.readlink().name)
        except FileNotFoundError:
            continue
    for table in ("tcp", "tcp6"):
        for line in (folder / "net" / table).read_text().splitlines()[1:]:
            words = line.split()
            if words[3] == "0A" and f"socket:[{words[9]}]" in sockets:
                address = bytes.fromhex(words[1].partition(":")[0])
                yield ".".join(map(str, reversed(address)))
