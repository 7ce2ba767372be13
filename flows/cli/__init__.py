"""The command line. Exit codes: 0 done, 2 bad arguments, 3 partial, 4 nothing could be had.

Only what the words of a command need is imported by its modules; the rest waits until it runs.
"""

import sys
from collections.abc import Sequence

from cyclopts import CycloptsError

from flows.cli import assess, corpus, corpus_field, corpus_look, flow_runs, learn, look, simulate
from flows.cli.common import NOTHING_HAD, app
from fringewatch.errors import FringewatchError, MissingProductError, SourceUnavailableError

BAD_ARGUMENTS = 2
INTERRUPTED = 130  # as a shell says it

# Importing the first eight registers their commands.
__all__ = [
    "assess",
    "corpus",
    "corpus_field",
    "corpus_look",
    "flow_runs",
    "learn",
    "look",
    "main",
    "run",
    "simulate",
]


def run(arguments: Sequence[str]) -> int:
    """Run the command line with `arguments` and return its exit code."""
    try:
        outcome = app(list(arguments))
    except CycloptsError as error:
        return _complain(str(error), BAD_ARGUMENTS)
    except (MissingProductError, SourceUnavailableError) as error:
        return _complain(str(error), NOTHING_HAD)
    except FringewatchError as error:
        return _complain(str(error), BAD_ARGUMENTS)
    except KeyboardInterrupt:
        return _complain("interrupted; what is done is kept: run it again to go on", INTERRUPTED)
    return outcome if isinstance(outcome, int) else 0


def main() -> None:
    """Run the command line and exit with its code."""
    raise SystemExit(run(sys.argv[1:]))


def _complain(words: str, code: int) -> int:
    print(f"fringewatch: {words}", file=sys.stderr)
    return code
