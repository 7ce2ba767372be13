"""The command line of Table II: ``python -m insar_models.compare CORPUS --folder TABLE``.

It needs what training machines have. Where scikit-learn is missing, rows learn and see all that
judges them there, and the same command makes their figures where the folder is copied to. Ends
with 0 when all rows that were asked for are made, 1 after an error, 3 when there is more to do or
a row cannot be made: the same command goes on.
"""

import argparse
import logging
import os
import shlex
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import torch

from fringewatch.errors import BadInputError, FringewatchError
from insar_models.comparison.limits import Limits
from insar_models.comparison.making import MADE, RowRecord, TableRequest, make_rows, read_record
from insar_models.comparison.rows import ROWS, find_rows
from insar_models.comparison.sets import PICTURE_SETS, JudgingSets
from insar_models.comparison.table import as_markdown, write_table
from insar_models.training.command import at_least_one
from insar_models.training.stopping import stop_asked

_DONE: Final = 0
_FAILED: Final = 1
_UNFINISHED: Final = 3
_LOG: Final = logging.getLogger("insar_models.compare")


def main(arguments: Sequence[str] | None = None) -> int:
    """Return the exit code of the command; errors that we know end in one line, not a traceback."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    given = parser("python -m insar_models.compare").parse_args(words)
    log_to_screen()
    if given.list:
        sys.stdout.writelines(f"{row.name:40}{row.title}\n" for row in ROWS)
        return _DONE
    try:
        pictures = named_paths(given.pictures, "pictures", PICTURE_SETS)
        return compare(given, pictures, partial(_command, words))
    except FringewatchError as error:
        _LOG.error("%s", error)
        return _FAILED


def log_to_screen() -> None:
    """Let rows say how far they are, with the time of day: they take hours."""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S", force=True
    )


def compare(
    given: argparse.Namespace, pictures: dict[str, Path], command_of: Callable[[str], str]
) -> int:
    """Make the rows that are asked for and the table of all; return the exit code.

    Parameters
    ----------
    given
        As `parser` gives it.
    pictures
        Files of labelled pictures, by the names of sets.
    command_of
        Gives the command of a row of a name.

    Raises
    ------
    FringewatchError
        If a file, a row or an option cannot be used.
    """
    if given.nice:
        os.nice(given.nice)
    if given.threads:
        torch.set_num_threads(given.threads)
    if given.hours <= 0:
        message = f"{given.hours} hours of learning are none: give more than 0"
        raise BadInputError(message)
    rows = find_rows(given.rows)
    until = None if given.minutes is None else time.monotonic() + 60 * given.minutes
    weights = named_paths(
        given.weights, "weights", [row.encoder.architecture for row in ROWS if row.encoder]
    )
    with stop_asked() as asked:
        sets = JudgingSets.open(given.corpus, pictures, given.windows)
        request = TableRequest(
            folder=given.folder,
            limits=Limits(given.hours, until, lambda: bool(asked)),
            device=given.device or ("cuda" if torch.cuda.is_available() else "cpu"),
            probe_seeds=given.probe_seeds,
            weights=weights,
            command_of=command_of,
        )
        made = []
        for row in rows:  # the table is up to date whenever one looks: all of it takes days
            made += make_rows([row], sets, request)
            records = _records(given.folder)
            write_table(given.folder, ROWS, records)
    sys.stdout.write(as_markdown(rows, records))
    return _DONE if all(record.state == MADE for record in made) else _UNFINISHED


def _records(folder: Path) -> dict[str, RowRecord]:
    found = {row.name: read_record(folder, row.name) for row in ROWS}
    return {name: record for name, record in found.items() if record is not None}


def named_paths(given: Sequence[str], option: str, known: Sequence[str]) -> dict[str, Path]:
    """Return the paths of options such as ``c1=FILE`` by their names.

    Raises
    ------
    BadInputError
        If one has no name, or one that is not known.
    """
    found = {}
    for word in given:
        name, equals, path = word.partition("=")
        if not (equals and path and name in known):
            message = (
                f"--{option} {word} cannot be: give NAME=FILE with a name of "
                f"{', '.join(dict.fromkeys(known))}"
            )
            raise BadInputError(message)
        found[name] = Path(path)
    return found


def _command(words: Sequence[str], row: str) -> str:
    return command_for("python -m insar_models.compare", words, row)


def command_for(program: str, words: Sequence[str], row: str) -> str:
    """Return the command that makes one row, as it would be written with the other words."""
    kept, skipping = [], False
    for word in words:
        skipping = (skipping and not word.startswith("--")) or word == "--rows"
        if not skipping:
            kept.append(word)
    return f"{program} {shlex.join([*kept, '--rows', row])}"


def parser(program: str) -> argparse.ArgumentParser:
    """Return what reads the command's words; benchmarks add words of their own."""
    parser = argparse.ArgumentParser(
        prog=program,
        description="Make rows of the paper's Table II and the table of all that are made. The "
        "same command goes on with rows that were stopped.",
    )
    parser.add_argument("corpus", type=Path, help="patch file (.safetensors) with labels")
    parser.add_argument("--folder", type=Path, required=True, help="of the table and its runs")
    parser.add_argument("--rows", nargs="+", default=[], metavar="ROW", help="some; all if missing")
    parser.add_argument("--list", action="store_true", help="name the rows, and make none")
    parser.add_argument("--hours", type=float, default=1.0, help="of learning, for each net")
    parser.add_argument("--minutes", type=float, help="of this call; the rest later")
    parser.add_argument("--windows", type=Path, help="file of real quiet windows")
    parser.add_argument(
        "--pictures", action="append", default=[], metavar="SET=FILE",
        help=f"file of labelled pictures, of {', '.join(PICTURE_SETS)}",
    )  # fmt: skip
    parser.add_argument(
        "--weights", action="append", default=[], metavar="NET=FILE",
        help="ImageNet's weights of an architecture",
    )  # fmt: skip
    parser.add_argument("--probe-seeds", type=at_least_one, default=5)
    parser.add_argument("--device", help="such as 'cpu' or 'cuda:1'; a GPU where there is one")
    parser.add_argument("--threads", type=at_least_one, help="of the processor")
    parser.add_argument("--nice", type=int, default=0, help="how much others go first, to 19")
    return parser


if __name__ == "__main__":
    sys.exit(main())
