"""The command line: ``python -m insar_models.tune CORPUS --encoder DIR --folder RUN``.

Ends with 0 when all steps were taken, 1 after an error, 3 when there is more to do, and 5 when the
disk was full, the memory used up or the folder busy: the same command goes on.
"""

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from insar_models.encoders.features import best_device
from insar_models.patchfile.file import open_patch_file
from insar_models.patchfile.loader import Loading
from insar_models.training.command import (
    DONE,
    UNFINISHED,
    at_least_one,
    failure_code,
    log_to_terminal,
    make_parser,
    until_stopped,
)
from insar_models.training.running import TrainingSetup
from insar_models.tuning.beginning import encoder_to_tune, read_field
from insar_models.tuning.recipe import find_tune_recipe
from insar_models.tuning.run import tune

_LOG: Final = logging.getLogger("insar_models.tune")


def main(arguments: Sequence[str] | None = None) -> int:
    """Return the exit code of the command; errors that we know end in one line, not a traceback."""
    given = _parser().parse_args(arguments)
    log_to_terminal()
    try:
        return _tune(given)
    except Exception as error:  # noqa: BLE001 - a bug is raised again
        return failure_code(error, _LOG)


def _tune(given: argparse.Namespace) -> int:
    """Learn, or go on; the exit code."""
    encoder, past = encoder_to_tune(given.encoder)
    recipe = find_tune_recipe(given.recipe, steps=given.steps)
    running = TrainingSetup(
        loading=Loading(device=given.device or best_device()),
        checkpoint_every=given.checkpoint_every,
        measure_every=given.measure_every,
        note_every=50,
    )
    report = until_stopped(
        lambda asked_to_stop: tune(
            open_patch_file(given.corpus),
            encoder,
            recipe,
            given.folder,
            past=past,
            field=read_field(given.windows, given.air),
            running=running,
            stop_after_steps=given.stop_after,
            asked_to_stop=asked_to_stop,
        )
    )
    return DONE if report.is_finished else UNFINISHED


def _parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = make_parser(
        "insar_models.tune",
        "Teach a pretrained encoder to tell deformation from the rest.",
        "'default', 'field', 'operational'",
    )
    parser.add_argument("--encoder", type=Path, required=True, help="folder of the encoder")
    parser.add_argument("--windows", type=Path, help="file of quiet windows, where asked for")
    parser.add_argument("--air", type=Path, help="file of relief and delays, where asked for")
    parser.add_argument("--checkpoint-every", type=at_least_one, default=500, help="steps")
    parser.add_argument("--measure-every", type=at_least_one, default=500, help="steps")
    return parser


if __name__ == "__main__":
    sys.exit(main())
