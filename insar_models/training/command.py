"""What the command lines of all that learns have in common."""

import argparse
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final

from fringewatch.errors import TryLaterError
from fringewatch.failures import foreseen
from insar_models.training.run import TrainingReport
from insar_models.training.stopping import stop_asked

DONE: Final = 0
FAILED: Final = 1
UNFINISHED: Final = 3
TRY_LATER: Final = 5
_LOG: Final = logging.getLogger(__name__)


def failure_code(error: Exception, log: logging.Logger) -> int:
    """Return the exit code of an error whose line is logged; a bug is raised, with its traceback.

    That of *try again later* for a full disk, used-up memory and their like.
    """
    found = foreseen(error)
    if found is None:
        raise error
    log.error("%s", found)
    return TRY_LATER if isinstance(found, TryLaterError) else FAILED


def until_stopped(learn: Callable[[Callable[[], bool]], TrainingReport]) -> TrainingReport:
    """Return the report of `learn`, which is given what tells whether a signal asked to stop."""
    with stop_asked() as asked:
        report = learn(lambda: bool(asked))
    _LOG.info(
        "%s after step %d of %d; the encoder is in %s",
        "finished" if report.is_finished else "stopped",
        report.step,
        report.steps,
        report.encoder,
    )
    return report


def log_to_terminal(level: int = logging.INFO) -> None:
    """Show what is logged, each line with its time."""
    logging.basicConfig(
        level=level, format="%(asctime)s %(message)s", datefmt="%H:%M:%S", force=True
    )


def make_parser(program: str, description: str, recipes: str) -> argparse.ArgumentParser:
    """Return a parser of the words that pretraining and tuning understand alike."""
    parser = argparse.ArgumentParser(
        prog=f"python -m {program}",
        description=f"{description} The same command goes on with a run that was stopped or "
        "killed.",
    )
    add = parser.add_argument
    add("corpus", type=Path, help="patch file (.safetensors) of a corpus")
    add("--folder", type=Path, required=True, help="of the run; made if missing")
    add("--recipe", default="default", help=f"TOML file, or one of {recipes}")
    add("--steps", type=at_least_one, help="of the whole run, in place of the recipe's")
    add("--stop-after", type=at_least_one, help="steps of this call; the rest later")
    add("--device", help="such as 'cpu' or 'cuda:1'; a GPU where there is one")
    return parser


def at_least_one(text: str) -> int:
    """Return a number of steps; argparse turns the error into its own message.

    Raises
    ------
    ValueError
        If it is no whole number, or below 1.
    """
    number = int(text)
    if number < 1:
        raise ValueError
    return number


at_least_one.__name__ = "whole number of at least 1"  # argparse puts it into its message
