"""How long it takes until a command answers, in a process of its own: help, and a home's status.

    python -m benchmarks.first_start [--rounds 5] [--home HOME]

The best of some rounds, by the wall and by the processor (which other programs disturb less). The
reference is a Python that imports nothing. The status is that of a home with 1,000 pairs listed, of
one with 4,000, and with ``--home`` of one of yours.
"""

import argparse
import datetime as dt
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from catalogs.home.home import home_of, open_home
from catalogs.ledger.ledger import open_ledger
from catalogs.records import DatePair
from catalogs.settings import Settings
from catalogs.world.volcanoes import find_volcano

AIM_S: Final = 0.5
_COMMAND: Final = "import sys; from fringewatch.command import main; main()"
_PAIRS: Final = (1000, 4000)


def started(words: Sequence[str], rounds: int) -> tuple[float, float]:
    """Return seconds by the wall and by the processor, the best of some rounds."""
    best = (float("inf"), float("inf"))
    for _ in range(rounds):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        begun = time.perf_counter()
        subprocess.run([sys.executable, *words], capture_output=True, check=False)  # noqa: S603
        wall = time.perf_counter() - begun
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        best = (min(best[0], wall), min(best[1], busy))
    return best


def make_home(folder: Path, pairs: int) -> Path:
    """Return a home that knows of so many pairs of one frame."""
    home = open_home(home_of(Settings(home=folder)))
    first = dt.date(2015, 1, 1)
    days = (first + dt.timedelta(days=number) for number in range(pairs))
    named = [DatePair(day, day + dt.timedelta(days=12)) for day in days]
    frame = find_volcano("etna").frames[0]
    with open_ledger(home.ledger) as ledger:
        ledger.record_listing(frame, "https://example.org", named, complete=True)
    return folder


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--home", type=Path)
    words = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    print(f"{'':34}{'seconds':>9}{'processor s':>13}{'of the aim':>12}")
    with tempfile.TemporaryDirectory() as folder:
        ways: dict[str, list[str]] = {
            "Python alone": ["-c", "pass"],
            "--help": ["-c", _COMMAND, "--help"],
        }
        for count in _PAIRS:
            home = make_home(Path(folder) / str(count), count)
            ways[f"status, {count} pairs"] = ["-c", _COMMAND, "status", "--home", str(home)]
        if words.home:
            ways[f"status, {words.home}"] = ["-c", _COMMAND, "status", "--home", str(words.home)]
        slowest = 0.0
        for name, command in ways.items():
            wall, busy = started(command, words.rounds)
            print(f"{name:34}{wall:9.2f}{busy:13.2f}{busy / AIM_S:12.2f}", flush=True)
            slowest = max(slowest, busy)
    print(f"first start: {slowest:.2f} s of processor at most (aim: at most {AIM_S})")


if __name__ == "__main__":
    main()
