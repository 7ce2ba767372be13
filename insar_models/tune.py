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

import torch

from fringewatch.errors import TryLaterError
from fringewatch.failures import foreseen
from insar_models.patchfile.file import open_patch_file
from insar_models.patchfile.loader import Loading
from insar_models.training.arguments import at_least_one
from insar_models.training.running import TrainingSetup
from insar_models.training.stopping import stop_asked
from insar_models.tuning.beginning import encoder_to_tune, read_field
from insar_models.tuning.recipe import find_tune_recipe
from insar_models.tuning.run import tune

_DONE: Final = 0
_FAILED: Final = 1
_UNFINISHED: Final = 3
_LATER: Final = 5
_LOG: Final = logging.getLogger("insar_models.tune")


def main(arguments: Sequence[str] | None = None) -> int:
    """Return the exit code of the command; errors that we know end in one line, not a traceback."""
    given = _parser().parse_args(arguments)
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S", force=True
    )
    try:
        with stop_asked() as asked:
            return _tune(given, asked)
    except Exception as error:
        found = foreseen(error)
        if found is None:
            raise  # a bug, with its traceback
        _LOG.error("%s", found)
        return _LATER if isinstance(found, TryLaterError) else _FAILED


def _tune(given: argparse.Namespace, asked: list[int]) -> int:
    device = given.device or ("cuda" if torch.cuda.is_available() else "cpu")
    encoder, past = encoder_to_tune(given.encoder)
    report = tune(
        open_patch_file(given.corpus),
        encoder,
        find_tune_recipe(given.recipe, steps=given.steps),
        given.folder,
        past=past,
        field=read_field(given.windows, given.air),
        running=TrainingSetup(
            loading=Loading(device=device),
            checkpoint_every=given.checkpoint_every,
            measure_every=given.measure_every,
            note_every=50,
        ),
        stop_after_steps=given.stop_after,
        asked_to_stop=lambda: bool(asked),
    )
    _LOG.info(
        "%s after step %d of %d; the encoder is in %s",
        "finished" if report.is_finished else "stopped",
        report.step,
        report.steps,
        report.encoder,
    )
    return _DONE if report.is_finished else _UNFINISHED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m insar_models.tune",
        description="Teach a pretrained encoder to tell deformation from the rest. The same "
        "command goes on with a run that was stopped or killed.",
    )
    parser.add_argument("corpus", type=Path, help="patch file (.safetensors) with labels")
    parser.add_argument("--encoder", type=Path, required=True, help="folder of the encoder")
    parser.add_argument("--folder", type=Path, required=True, help="of the run; made if missing")
    parser.add_argument("--windows", type=Path, help="file of quiet windows, where asked for")
    parser.add_argument("--air", type=Path, help="file of relief and delays, where asked for")
    parser.add_argument(
        "--recipe", default="default", help="TOML, 'default', 'field' or 'operational'"
    )
    parser.add_argument(
        "--steps", type=at_least_one, help="of the whole run, in place of the recipe's"
    )
    parser.add_argument(
        "--stop-after", type=at_least_one, help="steps of this call; the rest later"
    )
    parser.add_argument("--device", help="such as 'cpu' or 'cuda:1'; a GPU where there is one")
    parser.add_argument("--checkpoint-every", type=at_least_one, default=500, help="steps")
    parser.add_argument("--measure-every", type=at_least_one, default=500, help="steps")
    return parser


if __name__ == "__main__":
    sys.exit(main())
