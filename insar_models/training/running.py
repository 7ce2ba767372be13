"""How a pretraining run is carried out on a machine: nothing here says what is learned."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import torch

from fringewatch.checked_fields import CheckedRecord, Count
from insar_models.patchfile.loader import Loading

Precision = Literal["auto", "float32", "bfloat16", "float16"]

_CPU_FACTS: Final = Path("/proc/cpuinfo")
_FIRST_WITH_BFLOAT16: Final = (8, 0)
_FIRST_WITH_FLOAT16: Final = (7, 0)


@dataclass(frozen=True, kw_only=True)
class TrainingSetup(CheckedRecord):
    """How a run is carried out.

    Raises
    ------
    BadInputError
        If the precision is unknown, or a number is below 1.
    """

    loading: Loading = Loading()  # noqa: RUF009 - frozen, too
    """The device, and how patches come to it."""
    precision: Precision = "auto"
    """Of the network's products; weights, losses and optimiser are float32 always."""
    compiled: bool = False
    """Whether torch compiles the network: minutes at first, quicker afterwards on a GPU."""
    checkpoint_every: Count = 200
    """Steps."""
    note_every: Count = 10
    """Steps that one line of the journal sums up."""
    measure_every: Count = 200
    """Steps between two looks at collapse and neighbours."""
    measured: Count = 2048
    """Patches that are looked at, at most."""


def precision_of(precision: Precision, device: torch.device) -> torch.dtype:
    """Return the type in which the network multiplies; ``auto`` looks at what the device can.

    A CPU is quicker in bfloat16 only where it has tiles for it (AMX): on others it is slower than
    float32 by a factor of two to eight, whatever its other flags say.
    """
    if precision != "auto":
        chosen: torch.dtype = getattr(torch, precision)
        return chosen
    if device.type == "cuda":
        capability = torch.cuda.get_device_capability(device)
        if capability >= _FIRST_WITH_BFLOAT16:
            return torch.bfloat16
        return torch.float16 if capability >= _FIRST_WITH_FLOAT16 else torch.float32
    if device.type == "cpu" and _has_tiles(_CPU_FACTS):
        return torch.bfloat16
    return torch.float32


def _has_tiles(facts: Path) -> bool:
    try:
        return "amx_bf16" in facts.read_text()
    except OSError:  # no Linux
        return False
