"""How much memory a process may still take: the machine's, or what its job was given of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

_SYSTEM: Final = Path("/")
_KILOBYTE: Final = 1024


def free_memory(system: Path = _SYSTEM) -> int | None:
    """Return the bytes that may still be taken before the system swaps or kills; None if unknown.

    Batch systems and containers give a job less than the machine has, through control groups
    (version 1 and 2): the tightest limit counts. Memory that only caches files counts as free.

    Parameters
    ----------
    system
        Where ``proc`` and ``sys`` lie.
    """
    machine = _numbers(system / "proc" / "meminfo").get("MemAvailable:")
    if machine is None:
        return None
    return max(0, min([machine * _KILOBYTE, *_left_in_groups(system)]))


def _left_in_groups(system: Path) -> Iterator[int]:
    """Bytes that each control group round this process has left."""
    for line in _text(system / "proc" / "self" / "cgroup").splitlines():
        _, kinds, name = [*line.split(":", 2), "", "", ""][:3]
        if kinds and "memory" not in kinds.split(","):
            continue
        root = system / "sys" / "fs" / "cgroup" / ("memory" if kinds else "")
        files = (
            ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
            if kinds
            else ("memory.max", "memory.current", "inactive_file")
        )
        # In a container the name is the host's, and the limit stands at the root.
        group = root / name.strip("/")
        while group != root.parent:
            left = _left(group, *files)
            if left is not None:
                yield left
            group = group.parent


def _left(group: Path, limit_file: str, used_file: str, cache_key: str) -> int | None:
    limit, used = _text(group / limit_file).strip(), _text(group / used_file).strip()
    if not limit.isdigit() or not used.isdigit():  # no limit is written "max"
        return None
    return int(limit) - int(used) + _numbers(group / "memory.stat").get(cache_key, 0)


def _numbers(path: Path) -> dict[str, int]:
    """Return the first two words of each line, where the second is a number."""
    lines = (line.split() for line in _text(path).splitlines())
    return {words[0]: int(words[1]) for words in lines if words[1:2] and words[1].isdigit()}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""
