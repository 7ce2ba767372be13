"""Every speed that is promised: what was aimed for, what was reached, in one table.

    python -m benchmarks.all --folder FOLDER [--rows NAME ...] [--data LICSAR_FRAME] [--page]

Each row runs its benchmark in a process of its own, at two sizes a factor of four apart where the
benchmark has sizes, and takes its figures from what that prints. What was measured is kept in the
folder with the machine's load before and after: the same command goes on with what is missing, and
``--again`` measures anew. ``--page`` writes the table into docs/results.md, between its markers.
Where other programs run on the machine too, ratios by the processor's clock say more than the
wall's; those are taken, where a benchmark prints both. All of it takes under an hour.
"""

import argparse
import json
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from fringewatch.atomic import write_atomically

PAGE: Final = Path(__file__).parents[1] / "docs" / "results.md"
BEGIN: Final = "<!-- speed: begin, written by `python -m benchmarks.all` -->"
END: Final = "<!-- speed: end -->"

_LONGEST_S: Final = 1800
_NUMBER: Final = r"([0-9]+(?:\.[0-9]+)?)"


@dataclass(frozen=True)
class Row:
    """One promise."""

    name: str
    what: str
    aim: float
    unit: str
    found: str
    """Regular expression of the figure in what the benchmark prints; ``#`` stands for it."""
    commands: tuple[str, ...]
    """The last one has the figure that counts; one before it is of a quarter of the size."""
    before: str = ""
    """What it was when the aim was set; empty where nobody had measured."""
    most: bool = False
    """Whether the aim is an upper bound."""
    few: str = ""
    """Regular expression of the smaller size's figure, where one command prints both."""
    many: str = ""
    """And of the larger size's; growth is between the two."""

    def is_reached(self, value: float) -> bool:
        """Return whether a figure is as good as the aim."""
        return value <= self.aim if self.most else value >= self.aim

    def ratio(self, value: float) -> float:
        """Return how much of the aim is reached: 1 or more is all of it."""
        return self.aim / max(value, 1e-9) if self.most else value / self.aim


@dataclass(frozen=True)
class Said:
    """What a command printed."""

    command: str
    text: str
    code: int
    seconds: float
    load_before: float
    load_after: float


_TILING: Final = "benchmarks.tiling --pairs 60 240"
_PER_PAIR: Final = r"tiling, 1 worker +{} +[\d.]+ +[\d.]+ +[\d.]+ +[\d.]+ +#"
_NIGHT: Final = "benchmarks.night --volcanoes 24"

ROWS: Final = (
    Row("first-start", "first start of a command (help, status)", 0.5, "s of processor",
        "first start: # s", ("benchmarks.first_start --rounds 3",), most=True,
        few=r"status, 1000 pairs +[\d.]+ +#", many=r"status, 4000 pairs +[\d.]+ +#"),
    Row("night-quiet", "a night with nothing new, 500 volcanoes", 60, "s of processor",
        "requests a frame, # s of processor", (_NIGHT,), most=True,
        few=r"(?s)quiet +6 +\d+ +\d+ +[\d.]+ +[\d.]+ +#",
        many=r"quiet +24 +\d+ +\d+ +[\d.]+ +[\d.]+ +#"),
    Row("night-requests", "the same: requests a frame", 1, "requests",
        "nothing new: # requests", (_NIGHT,), most=True),
    Row("night-memory", "the same: memory of four times the volcanoes", 1.1, "x",
        "memory # of that of a quarter", (_NIGHT,), most=True),
    Row("night-new", "a night with 3 new pairs each, against decoding and scoring alone", 1.3, "x",
        "new pairs: # of", (_NIGHT,), most=True,
        few=r"new +6 +\d+ +\d+ +[\d.]+ +[\d.]+ +#",
        many=r"new +24 +\d+ +\d+ +[\d.]+ +[\d.]+ +#"),
    Row("tiling", "tiling of windows against rasterio's decoding alone", 70, "%",
        "by the clock, #% by the processor", (_TILING,), before="35 %",
        few=_PER_PAIR.format(60), many=_PER_PAIR.format(240)),
    Row("tiling-workers", "tiling, two workers against one", 1.8, "x",
        "two workers have # of", (_TILING,), before="1.48 to 1.64 x"),
    Row("shards", "shards of a corpus, two workers", 1.8, "x",
        r"shards, patches/s +[\d.]+ +[\d.]+ +# x",
        ("benchmarks.corpus --alone --pairs 128", "benchmarks.corpus --alone --pairs 512"),
        before="1.35 x"),
    Row("epoch", "an epoch against the paper's loader", 5, "x",
        r"with paper's augmentation, by the processor: #",
        ("benchmarks.pretrain --batches 3", "benchmarks.pretrain --batches 12"),
        before="3.3 to 4.9 x"),
    Row("scoring", "scoring of a cube, places included, against torch's bare net", 95, "%",
        r"whole pairs, ONNX Runtime +\d+ +[\d.]+ +\d+ +[\d.]+ +\d+% +#%",
        ("benchmarks.score --patches 64", "benchmarks.score --patches 256"), before="79 %"),
    Row("scoring-runtime", "ONNX Runtime against torch", 1.5, "x",
        r"ONNX Runtime, from bytes, of torch's detector's rate by the processor: #",
        ("benchmarks.score --patches 64", "benchmarks.score --patches 256"), before="1.43"),
    Row("pictures", "pictures through `evaluate`", 20, "a second",
        "evaluate: # pictures a second", ("benchmarks.pictures --pictures 64",), before="2 to 3",
        few=r"(?s)evaluate, all of it +16 +#", many=r"(?s)evaluate, all of it +64 +#"),
    Row("simulation", "simulation, growth with pairs", 5, "% off",
        "by the processor: at most #%", ("benchmarks.simulate --pairs 20 80 --written 10",),
        before="15 %", most=True, few=r"simulated +20 +[\d.]+ +[\d.]+ +#",
        many=r"simulated +80 +[\d.]+ +[\d.]+ +#"),
    Row("disk", "disk for ten years of a volcano, of today's", 0.6, "x",
        "in use: #", ("benchmarks.disk --most 4 --data {data}",
                                      "benchmarks.disk --most 16 --data {data}"),
        before="1", most=True),
)  # fmt: skip


def run(command: str, kept: Path, *, again: bool) -> Said:
    """Return what a benchmark prints; what the folder has of it counts, unless it failed."""
    there = read_kept(command, kept)
    if there is not None and there.code == 0 and not again:
        return there
    before, begun = os.getloadavg()[0], time.perf_counter()
    words = [sys.executable, "-m", *shlex.split(command)]
    environment = dict(os.environ, OMP_NUM_THREADS=os.environ.get("OMP_NUM_THREADS", "1"))
    try:
        done = subprocess.run(  # noqa: S603 - ourselves
            words, text=True, capture_output=True, check=False, env=environment, timeout=_LONGEST_S
        )
        code, text = done.returncode, done.stdout + (done.stderr if done.returncode else "")
    except subprocess.TimeoutExpired:
        code, text = 124, f"it took more than {_LONGEST_S} s"
    seconds = time.perf_counter() - begun
    said = Said(command, text, code, round(seconds, 1), before, os.getloadavg()[0])
    write_atomically(_path(command, kept), f"{json.dumps(asdict(said), indent=1)}\n".encode())
    return said


def read_kept(command: str, folder: Path) -> Said | None:
    """Return what the folder has of a command; None where that is nothing."""
    path = _path(command, folder)
    return Said(**json.loads(path.read_text("utf-8"))) if path.is_file() else None


def _path(command: str, folder: Path) -> Path:
    return folder / f"{re.sub(r'[^a-z0-9]+', '-', command.lower()).strip('-')}.json"


def figure(text: str, pattern: str) -> float | None:
    """Return the number where ``#`` stands in a pattern; None where the text has none."""
    found = re.search(pattern.replace("#", _NUMBER, 1), text)
    return None if found is None else float(found[1])


def line_of(row: Row, said: Sequence[Said]) -> str:
    """Return the row of the table."""
    command = f"`python -m {row.commands[-1]}`"
    load = (
        f"{min(one.load_before for one in said):.0f} to {max(one.load_after for one in said):.0f}"
    )
    bound = "at most" if row.most else "at least"
    head = f"| {row.what} | {bound} {row.aim:g} {row.unit} | {row.before or 'not measured'} |"
    value = figure(said[-1].text, row.found)
    if value is None:
        last = (said[-1].text.strip().splitlines() or ["it printed nothing"])[-1].replace("|", "/")
        return f"{head} not measured: {last[:120]} | | | {load} | {command} |"
    word = "reached" if row.is_reached(value) else "missed"
    return (
        f"{head} {value:g} {row.unit} | {row.ratio(value):.2f}, {word} | {_growth(row, said)} | "
        f"{load} | {command} |"
    )


def _growth(row: Row, said: Sequence[Said]) -> str:
    """Figures of two sizes a factor of four apart."""
    if row.few:
        both = [figure(said[-1].text, pattern) for pattern in (row.few, row.many)]
    elif len(said) > 1:
        both = [figure(one.text, row.found) for one in said]
    else:
        return ""
    few, many = both
    return "" if few is None or many is None else f"{few:g}, {many:g}"


def table(rows: Sequence[Row], said: Mapping[str, Sequence[Said]], machine: str) -> str:
    """Return the table, with a line on the machine above it."""
    lines = [
        machine,
        "",
        "| what | aim | before | now | of the aim | two sizes, four times apart | load | command |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        if row.name in said:
            lines.append(line_of(row, said[row.name]))
        else:
            command = f"`python -m {row.commands[-1]}`"
            bound = "at most" if row.most else "at least"
            aim = f"{bound} {row.aim:g} {row.unit}"
            before = row.before or "not measured"
            lines.append(f"| {row.what} | {aim} | {before} | not yet run | | | | {command} |")
    return "\n".join(lines)


def write_page(page: Path, text: str) -> None:
    """Put the table between its markers.

    Raises
    ------
    SystemExit
        If the page has no markers.
    """
    before, begin, rest = page.read_text("utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        sys.exit(f"{page} has no place for the table: put '{BEGIN}' and '{END}' into it")
    write_atomically(page, f"{before}{BEGIN}\n\n{text}\n\n{END}{after}".encode())


def _machine() -> str:
    facts = Path("/proc/cpuinfo")
    names = re.findall(r"model name\s*: (.*)", facts.read_text()) if facts.is_file() else []
    return f"{names[0] if names else 'unknown processor'}, {os.cpu_count()} processors."


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 if every row that was asked for has its figure, 3 if one has not."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--folder", type=Path, required=True, help="what was measured")
    names = [row.name for row in ROWS]
    parser.add_argument(
        "--rows", nargs="+", choices=names, default=names, metavar="NAME", help="some; else all"
    )
    parser.add_argument("--data", type=Path, help="folder of a LiCSAR frame with its pairs")
    parser.add_argument("--again", action="store_true", help="also what the folder has already")
    parser.add_argument("--page", action="store_true", help="write it into docs/results.md")
    given = parser.parse_args(arguments)
    given.folder.mkdir(parents=True, exist_ok=True)
    done: dict[str, Said] = {}
    said: dict[str, list[Said]] = {}
    for row in ROWS:
        commands = [command.format(data=given.data) for command in row.commands]
        if any("{data}" in command for command in row.commands) and given.data is None:
            continue
        if row.name not in given.rows:
            kept = [read_kept(command, given.folder) for command in commands]
            if all(one is not None for one in kept):
                said[row.name] = [one for one in kept if one is not None]
            continue
        for command in commands:
            if command not in done:
                done[command] = run(command, given.folder, again=given.again)
                print(f"{done[command].seconds:7.0f} s  {command}", flush=True)
        said[row.name] = [done[command] for command in commands]
        print(line_of(row, said[row.name]), flush=True)
    text = table(ROWS, said, _machine())
    write_atomically(given.folder / "speed.md", f"{text}\n".encode())
    if given.page:
        write_page(PAGE, text)
    asked = [row for row in ROWS if row.name in given.rows]
    has_all = all(
        row.name in said and figure(said[row.name][-1].text, row.found) is not None for row in asked
    )
    return 0 if has_all else 3


if __name__ == "__main__":
    sys.exit(main())
