"""The command line. Exit codes say what to do next: docs/operate.md has their table.

Only what the words of a command need is imported by its modules; the rest waits until it runs.
"""

import os
import select
import sys
from collections.abc import Sequence

from cyclopts import CycloptsError

from flows.cli import (
    about,
    assess,
    corpus,
    corpus_field,
    corpus_look,
    export,
    flow_runs,
    learn,
    look,
    operate,
    pages,
    probe,
    rebuild,
    review,
    simulate,
)
from flows.cli.common import NOTHING_HAD, app
from fringewatch.errors import (
    FringewatchError,
    MissingProductError,
    NoHomeError,
    TryLaterError,
    UnforeseenError,
)
from fringewatch.failures import foreseen

A_BUG = 1  # as Python ends with a traceback
BAD_ARGUMENTS = 2
TRY_LATER = 5
INTERRUPTED = 130  # as a shell says it
UNREAD = 141  # too

# Importing these modules registers their commands.
__all__ = [
    "about",
    "assess",
    "corpus",
    "corpus_field",
    "corpus_look",
    "export",
    "flow_runs",
    "learn",
    "look",
    "main",
    "operate",
    "pages",
    "probe",
    "rebuild",
    "review",
    "run",
    "simulate",
]


def run(arguments: Sequence[str]) -> int:
    """Run the command line with `arguments` and return its exit code."""
    try:
        outcome = app(list(arguments))
    except CycloptsError as error:
        return _complain(str(error), BAD_ARGUMENTS)
    except KeyboardInterrupt:
        return _complain("interrupted; what is done is kept: run it again to go on", INTERRUPTED)
    except Exception as error:
        found = foreseen(error)
        if found is None:
            raise  # a bug, with its traceback
        return _complain(str(found), _code_of(found))
    return outcome if isinstance(outcome, int) else 0


def _code_of(error: FringewatchError) -> int:
    if isinstance(error, UnforeseenError):
        return A_BUG
    if isinstance(error, TryLaterError):
        return TRY_LATER
    nothing = isinstance(error, MissingProductError | NoHomeError)
    return NOTHING_HAD if nothing else BAD_ARGUMENTS


def main() -> None:
    """Run the command line and exit with its code."""
    try:
        code = run(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:
        if not _reader_has_gone():
            raise
        # Whoever read has enough (`| head`); Python would write the rest once more as it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = UNREAD
    raise SystemExit(code)


def _reader_has_gone() -> bool:
    """Whether it is our own output that nobody reads, and not another pipe."""
    output = select.poll()
    output.register(sys.stdout.fileno(), select.POLLOUT)
    return any(event & select.POLLERR for _, event in output.poll(0))


def _complain(words: str, code: int) -> int:
    print(f"fringewatch: {words}", file=sys.stderr)
    return code
