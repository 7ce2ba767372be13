"""Free memory: the machine's, or the tightest limit of the job's control groups."""

from pathlib import Path

import pytest

from insar_models.patchfile.free_memory import free_memory

GIB = 2**30


@pytest.fixture
def system(tmp_path: Path) -> Path:
    """A machine with 8 GiB available."""
    write(tmp_path / "proc/meminfo", f"MemTotal: 99 kB\nMemAvailable:   {8 * 2**20} kB\n")
    return tmp_path


def write(path: Path, text: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{text}\n")


def write_group(group: Path, limit: object, used: int, cached: int = 0) -> None:
    write(group / "memory.max", limit)
    write(group / "memory.current", used)
    write(group / "memory.stat", f"anon 5\ninactive_file {cached}")


def test_a_machine_without_groups(system: Path) -> None:
    assert free_memory(system) == 8 * GIB


def test_a_machine_that_does_not_tell(tmp_path: Path) -> None:
    assert free_memory(tmp_path) is None


def test_this_machine() -> None:
    free = free_memory()
    assert free is None or 0 < free < 2**50


def test_the_tightest_of_nested_groups_counts(system: Path) -> None:
    write(system / "proc/self/cgroup", "0::/slurm/job_1/step_0")
    groups = system / "sys/fs/cgroup/slurm"
    write_group(groups, 6 * GIB, 3 * GIB)
    write_group(groups / "job_1", 5 * GIB, 4 * GIB, cached=GIB // 2)
    write_group(groups / "job_1/step_0", "max", GIB)
    assert free_memory(system) == GIB + GIB // 2


def test_the_limit_of_a_container_stands_at_the_root(system: Path) -> None:
    write(system / "proc/self/cgroup", "0::/docker/abc")
    write_group(system / "sys/fs/cgroup", 2 * GIB, GIB)
    assert free_memory(system) == GIB


def test_groups_of_version_1(system: Path) -> None:
    write(system / "proc/self/cgroup", "9:name=systemd:/x\n4:cpu,memory:/job\n0::/")
    group = system / "sys/fs/cgroup/memory/job"
    write(group / "memory.limit_in_bytes", 3 * GIB)
    write(group / "memory.usage_in_bytes", 2 * GIB)
    write(group / "memory.stat", f"inactive_file 7\ntotal_inactive_file {GIB}")
    assert free_memory(system) == 2 * GIB


def test_a_job_over_its_limit_has_nothing_left(system: Path) -> None:
    write(system / "proc/self/cgroup", "0::/")
    write_group(system / "sys/fs/cgroup", GIB, 2 * GIB)
    assert free_memory(system) == 0
