"""Pretraining that takes a moment: sixteen patches, a narrow net, a few steps."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from insar_models.augmentation import Recipe
from insar_models.encoders.spec import EncoderSpec
from insar_models.patchfile.file import PatchFile
from insar_models.patchfile.loader import Loading
from insar_models.pretraining.recipe import PretrainRecipe
from insar_models.training.checkpoints import read_checkpoint
from insar_models.training.journal import read_journal
from insar_models.training.running import TrainingSetup
from tests.insar_models.small_patch_file import small_patch_file

_ROOT = Path(__file__).parents[2]
COUNT = 16
TINY = EncoderSpec(architecture="compact", width=0.125, size=32)
RECIPE = PretrainRecipe(
    encoder=TINY,
    augmentation=Recipe(turbulence=None, geometry=None, incoherence=None, sea=None, blur=None),
    outputs=8,
    batch_size=6,
    steps=7,
    learning_rate=1e-2,
    warm_up=0.2,
)
RUNNING = TrainingSetup(
    loading=Loading(residence="resident"), note_every=3, measure_every=4, checkpoint_every=2
)


@contextmanager
def one_thread() -> Iterator[None]:
    """Threads that wait for each other cost more than they bring to nets as small as these."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def corpus_in(folder: Path, count: int = COUNT) -> PatchFile:
    return small_patch_file(folder / "corpus.safetensors", count)


def recipe_with(**changes: Any) -> PretrainRecipe:
    return replace(RECIPE, **changes)


def tensors_in(folder: Path) -> dict[str, torch.Tensor]:
    checkpoint = read_checkpoint(folder)
    assert checkpoint is not None
    return dict(checkpoint.tensors)


def notes_in(folder: Path) -> list[dict[str, Any]]:
    """The journal without what depends on the clock."""
    notes = read_journal(folder / "journal.jsonl")
    return [{key: note[key] for key in note if key != "patches_per_second"} for note in notes]


def assert_same_run(one: Path, other: Path) -> None:
    """The same weights, the same state of the optimiser, the same journal: bit for bit."""
    found, expected = tensors_in(one), tensors_in(other)
    assert found.keys() == expected.keys()
    for name, tensor in expected.items():
        assert tensor.dtype == found[name].dtype
        assert torch.equal(tensor, found[name]), name
    assert notes_in(one) == notes_in(other)
    weights = "encoder/weights.safetensors"
    assert (one / weights).read_bytes() == (other / weights).read_bytes()


def kill_after_a_checkpoint(module: str, words: Sequence[str], folder: Path) -> None:
    """Run a command until an even step is kept in its folder, and kill it; it is not done then."""
    command = [sys.executable, "-m", module, *words, str(folder)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, cwd=_ROOT, env=environment) as process:
        deadline = time.monotonic() + 120
        while not list(folder.glob("checkpoints/step-*[2468].safetensors")):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.002)
        process.kill()
    assert process.returncode == -signal.SIGKILL
    stopped = read_checkpoint(folder)
    assert stopped is not None
    assert 0 < stopped.step < 40
    assert not (folder / "encoder").exists()
