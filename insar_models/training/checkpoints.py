"""Checkpoints of a pretraining run: one safetensors file each, whole or not at all.

Tensors lie in the file as such; what is no tensor is JSON in its header, beside a hash of the
tensors. Nothing is ever unpickled. The last two are kept, so that there is one to go back to.
"""

import fcntl
import hashlib
import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from fringewatch.atomic import atomic_file, disk_errors, sweep_drafts
from fringewatch.errors import HomeBusyError, ModelError, TrainingError

CHECKPOINT_FORMAT: Final = 1
"""Raised by one whenever an older Fringewatch could no longer read what a newer one wrote."""

_KEPT: Final = 2
_PATTERN: Final = "step-*.safetensors"
_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A run as it was after a step."""

    step: int
    """Steps that were taken."""
    facts: Mapping[str, Any]
    """What is no tensor; JSON holds it."""
    tensors: Mapping[str, Tensor]


def write_checkpoint(folder: Path, checkpoint: Checkpoint) -> Path:
    """Write a checkpoint into a run's folder, and remove those before the last two.

    Raises
    ------
    TrainingError
        If a tensor holds numbers that are not finite: what follows from it would be worthless.
    HomeError
        If the disk is full or cannot be written; older checkpoints are as they were.
    """
    tensors = {
        # Channels may lie last in memory while the net learns; in files they do not.
        name: tensor.detach().cpu().contiguous()
        for name, tensor in sorted(checkpoint.tensors.items())
    }
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not bool(tensor.isfinite().all()):
            message = (
                f"after step {checkpoint.step} there are numbers that are not finite in '{name}': "
                f"the run is stopped, its older checkpoints in {folder} are good; begin again "
                "with a smaller learning rate"
            )
            raise TrainingError(message)
    about = {
        "format": str(CHECKPOINT_FORMAT),
        "step": str(checkpoint.step),
        "sha256": _hash(tensors),
        "facts": json.dumps(checkpoint.facts, allow_nan=False),
    }
    path = _folder(folder) / f"step-{checkpoint.step:08d}.safetensors"
    content = safetensors.torch.save(tensors, metadata=about)
    with atomic_file(path) as temporary:
        temporary.write_bytes(content)
    for old in _paths(folder):
        if old != path and old not in _paths(folder)[-_KEPT:]:
            with disk_errors(old):
                old.unlink()
    return path


def read_checkpoint(folder: Path) -> Checkpoint | None:
    """Return the last good checkpoint of a run; None if there is none at all.

    A damaged one is passed over with a warning, for the one before.

    Raises
    ------
    ModelError
        If there are checkpoints, but none can be used.
    """
    sweep_drafts(_folder(folder))
    reasons = []
    for path in reversed(_paths(folder)):
        try:
            return _read(path)
        except ModelError as error:
            _LOG.warning("%s", error)
            reasons.append(str(error))
    if reasons:
        message = f"no checkpoint in {folder} can be used: {reasons[0]}; begin in another folder"
        raise ModelError(message)
    return None


@contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Hold the folder of a run, which one process at a time may write; death lets it go.

    Raises
    ------
    HomeBusyError
        If another process holds it.
    HomeError
        If the folder cannot be written.
    """
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / ".lock").open("w")
    with lock:
        with disk_errors(folder):
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                message = f"another process trains in {folder}: wait for it, or choose a folder"
                raise HomeBusyError(message) from error
        yield


def _folder(folder: Path) -> Path:
    return folder / "checkpoints"


def _paths(folder: Path) -> list[Path]:
    return sorted(_folder(folder).glob(_PATTERN))


def _read(path: Path) -> Checkpoint:
    advice = "it is damaged; remove it to go on from an older one"
    try:
        with safe_open(path, framework="pt") as file:
            about = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        message = f"the checkpoint {path} cannot be read ({error}): {advice}"
        raise ModelError(message) from error
    if about.get("format", str(CHECKPOINT_FORMAT)) != str(CHECKPOINT_FORMAT):
        message = (
            f"the checkpoint {path} has the format {about['format']!r}, this Fringewatch reads "
            f"'{CHECKPOINT_FORMAT}': update Fringewatch, or begin in another folder"
        )
        raise ModelError(message)
    try:
        step, facts, sha256 = int(about["step"]), json.loads(about["facts"]), about["sha256"]
    except (KeyError, ValueError) as error:
        message = f"{path} is no checkpoint of Fringewatch: {advice}"
        raise ModelError(message) from error
    if _hash(tensors) != sha256:
        message = f"the checkpoint {path} does not hold the numbers that were written: {advice}"
        raise ModelError(message)
    return Checkpoint(step, facts, tensors)


def _hash(tensors: Mapping[str, Tensor]) -> str:
    whole = hashlib.sha256()
    for name, tensor in sorted(tensors.items()):
        whole.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        whole.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return whole.hexdigest()
