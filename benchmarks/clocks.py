"""Two clocks for what is measured, and a line about the machine.

The processor's clock stands still while other programs run, but counts this process alone; the
wall's is what a user waits for. Ways that are compared take turns, and the best of their rounds
counts, so that a busy moment of the machine falls on all of them.
"""

import os
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

_CPU_FACTS = Path("/proc/cpuinfo")


@dataclass(frozen=True)
class Cost:
    """What a piece of work took at its best."""

    wall_s: float
    processor_s: float
    """Of all threads of this process."""


def measure(
    ways: Mapping[str, Callable[[], object]], rounds: int, device: str = "cpu"
) -> dict[str, Cost]:
    """Return the cost of each way: the best of some rounds, after one that does not count."""
    for way in ways.values():
        timed(way, device)
    taken = [{name: timed(way, device) for name, way in ways.items()} for _ in range(rounds)]
    return {
        name: Cost(
            min(one[name].wall_s for one in taken), min(one[name].processor_s for one in taken)
        )
        for name in ways
    }


def timed(way: Callable[[], object], device: str = "cpu") -> Cost:
    """Return the cost of a call; a GPU has ended its work before and after."""
    _wait_for(device)
    wall, processor = time.perf_counter(), time.process_time()
    way()
    _wait_for(device)
    return Cost(time.perf_counter() - wall, time.process_time() - processor)


def _wait_for(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.synchronize(device)


def machine(device: str = "cpu") -> str:
    """Return one line: processor, cores, threads, load, and the GPU where one is used."""
    facts = _CPU_FACTS.read_text(encoding="utf-8") if _CPU_FACTS.is_file() else ""
    names = [line.partition(":")[2].strip() for line in facts.splitlines() if "model name" in line]
    gpu = f"{torch.cuda.get_device_name(device)}, " if device.startswith("cuda") else ""
    return (
        f"{gpu}{names[0] if names else platform.processor()}, {os.cpu_count()} processors, "
        f"{torch.get_num_threads()} threads, load {os.getloadavg()[0]:.1f}; "
        f"torch {torch.__version__}"
    )


def verdict(name: str, found: float, aim: float, *, most: bool = False) -> str:
    """Return a line that says whether an aim is reached: at least so much, or at most."""
    reached = found <= aim if most else found >= aim
    bound = "at most" if most else "at least"
    return f"{name}: {found:.2f} (aim: {bound} {aim:.2f}, {'reached' if reached else 'missed'})"
