"""The command line of training machines: ``python -m insar_models.train CORPUS --folder RUN``.

With several GPUs: ``torchrun --nproc-per-node 4 -m insar_models.train CORPUS --folder RUN``.
Ends with 0 when all steps were taken, 1 after an error, 3 when there is more to do, and 5 when the
disk was full, the memory used up or the folder busy: the same command goes on. (torchrun knows
success and failure alone; its log tells what is left.)
"""

import argparse
import logging
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

import torch
import torch.distributed as dist

from fringewatch.errors import BadInputError
from insar_models.patchfile.file import open_patch_file
from insar_models.patchfile.loader import Loading
from insar_models.patchfile.sampling import Rank
from insar_models.pretraining.recipe import find_pretrain_recipe
from insar_models.pretraining.run import pretrain
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

_LOG: Final = logging.getLogger("insar_models.train")


def main(arguments: Sequence[str] | None = None) -> int:
    """Return the exit code of the command; errors that we know end in one line, not a traceback."""
    given = _parser().parse_args(arguments)
    log_to_terminal(logging.WARNING if given.quiet or _is_other(os.environ) else logging.INFO)
    try:
        with _processes(os.environ, given.device) as (rank, device):
            return _train(given, _running(given, rank, device))
    except Exception as error:  # noqa: BLE001 - a bug is raised again
        return failure_code(error, _LOG)


def _train(given: argparse.Namespace, running: TrainingSetup) -> int:
    """Learn, or go on; the exit code."""
    recipe = find_pretrain_recipe(
        given.recipe, steps=given.steps, weights=given.weights, architecture=given.encoder
    )
    report = until_stopped(
        lambda asked_to_stop: pretrain(
            open_patch_file(given.corpus),
            recipe,
            given.folder,
            running=running,
            stop_after_steps=given.stop_after,
            asked_to_stop=asked_to_stop,
        )
    )
    # torchrun takes any other number for a failure, and kills the other processes.
    return DONE if report.is_finished or running.loading.rank.of > 1 else UNFINISHED


def _parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = make_parser(
        "insar_models.train",
        "Learn an encoder from the patches of a corpus, without labels.",
        "'default', 'paper'",
    )
    parser.add_argument(
        "--encoder", help="compact, resnet18, resnet50 ..., in place of the recipe's"
    )
    parser.add_argument(
        "--weights",
        help="what the encoder begins with, in place of the recipe's: 'random', 'imagenet', a "
        "file of weights, or the folder of an encoder",
    )
    parser.add_argument(
        "--precision", default="auto", choices=["auto", "float32", "bfloat16", "float16"]
    )
    parser.add_argument("--compile", action="store_true", help="quicker after some minutes")
    parser.add_argument("--checkpoint-every", type=at_least_one, default=200, help="steps")
    parser.add_argument("--measure-every", type=at_least_one, default=200, help="steps")
    parser.add_argument(
        "--note-every", type=at_least_one, default=10, help="steps of a journal's line"
    )
    parser.add_argument("--quiet", action="store_true", help="say nothing but warnings")
    return parser


def _is_other(environment: Mapping[str, str]) -> bool:
    """Return whether another process of the same training is the one that talks."""
    return environment.get("RANK", "0") != "0"


def _running(given: argparse.Namespace, rank: Rank, device: str) -> TrainingSetup:
    return TrainingSetup(
        loading=Loading(device=device, rank=rank),
        precision=given.precision,
        compiled=given.compile,
        checkpoint_every=given.checkpoint_every,
        measure_every=given.measure_every,
        note_every=given.note_every,
    )


@contextmanager
def _processes(environment: Mapping[str, str], device: str | None) -> Iterator[tuple[Rank, str]]:
    """Join the processes that torchrun started, if it did; give this one's rank and device."""
    try:
        of, number = int(environment.get("WORLD_SIZE", "1")), int(environment.get("RANK", "0"))
        local = int(environment.get("LOCAL_RANK", "0"))
    except ValueError as error:
        message = f"WORLD_SIZE, RANK and LOCAL_RANK must be numbers ({error}): start by torchrun"
        raise BadInputError(message) from error
    if device is None:
        device = f"cuda:{local}" if torch.cuda.is_available() else "cpu"
    rank = Rank(number, of)
    if of == 1:
        yield rank, device
        return
    on_gpu = device.startswith("cuda")
    if on_gpu:
        torch.cuda.set_device(device)
    dist.init_process_group("nccl" if on_gpu else "gloo")
    try:
        yield rank, device
    finally:
        dist.destroy_process_group()


if __name__ == "__main__":
    sys.exit(main())
