"""The example of a batch system's script: what it submits, and that its commands exist."""

import os
import subprocess
from pathlib import Path

import pytest

import flows.cli as _commands  # noqa: F401 - registers them
from flows.cli.common import app

SCRIPT = Path(__file__).parents[2] / "docs" / "slurm" / "corpus-array.sh"


def run_script(*words: str, folder: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    for name in ("fringewatch", "sbatch"):
        stub = folder / name
        if not stub.exists():
            stub.write_text(f'#!/bin/sh\nprintf "%s\\n" "{name}" "$@" "" >>"{folder}/said"\n')
            stub.chmod(0o755)
    path = f"{folder}:{os.environ['PATH']}"
    return subprocess.run(
        ["bash", str(SCRIPT), *words], capture_output=True, text=True, check=False,
        env={**os.environ, **environment, "PATH": path},
    )  # fmt: skip


def said(folder: Path) -> list[list[str]]:
    """The command lines that the stand-ins were called with."""
    calls = (folder / "said").read_text().split("\n\n")
    return [call.split("\n") for call in calls if call]


def test_the_batch_script_is_bash() -> None:
    assert subprocess.run(["bash", "-n", str(SCRIPT)], check=False).returncode == 0
    assert os.access(SCRIPT, os.X_OK)


def test_the_tasks_of_the_batch_script_name_all_shards(tmp_path: Path) -> None:
    """The lines that SLURM's tasks would run, one after the other, are given to the commands."""
    for task in range(3):
        done = run_script("shards", "a plan", "8", folder=tmp_path, SLURM_ARRAY_TASK_ID=str(task))
        assert done.returncode == 0, done.stderr
    assert run_script("finish", "a plan", folder=tmp_path).returncode == 0
    lines = said(tmp_path)
    assert [name for name, *_ in lines] == ["fringewatch"] * 4
    *shards, finish = [app.parse_args(words) for _, *words in lines]
    assert [command.__name__ for command, _, _ in (*shards, finish)] == ["shard"] * 3 + ["finish"]
    assert [bound.args for _, bound, _ in (*shards, finish)] == [("a plan",)] * 4
    assert [bound.kwargs for _, bound, _ in shards] == [
        {"index": first, "count": 8} for first in (0, 8, 16)
    ]


@pytest.mark.parametrize(
    ("missing", "per_task", "array"),
    [
        ("0-41", "8", "0,1,2,3,4,5%50"),
        ("3,17,40-41", "1", "3,17,40,41%50"),
        ("9", "8", "1%50"),
        ("0,3,9-10", "8", "0,1%50"),
    ],
)
def test_the_batch_script_submits_only_what_is_missing(
    tmp_path: Path, missing: str, per_task: str, array: str
) -> None:
    stub = tmp_path / "fringewatch"
    stub.write_text(f'#!/bin/sh\necho "corpus small"; echo "missing shards: {missing}"; exit 3\n')
    sbatch = tmp_path / "sbatch"
    sbatch.write_text(
        f'#!/bin/sh\nprintf "%s\\n" sbatch "$@" "" >>"{tmp_path}/said"\necho "4711;cluster"\n'
    )
    for file in (stub, sbatch):
        file.chmod(0o755)
    done = run_script(
        "submit", "a plan", folder=tmp_path, SHARDS_A_TASK=per_task, ACCOUNT="volcano"
    )
    assert done.returncode == 0, done.stderr
    shards, finish = said(tmp_path)
    assert f"--array={array}" in shards
    assert shards[-4:] == [str(SCRIPT), "shards", "a plan", per_task]
    assert "--dependency=afterok:4711" in finish
    assert finish[-3:] == [str(SCRIPT), "finish", "a plan"]
    for call in (shards, finish):
        assert "--account=volcano" in call
        assert not any(word.startswith(("--partition", "--qos")) for word in call)


@pytest.mark.parametrize(("answer", "code"), [("exit 0", 0), ("exit 2", 2)])
def test_the_batch_script_submits_nothing_when_done_or_refused(
    tmp_path: Path, answer: str, code: int
) -> None:
    (tmp_path / "fringewatch").write_text(f"#!/bin/sh\n{answer}\n")
    (tmp_path / "fringewatch").chmod(0o755)
    assert run_script("submit", "plan", folder=tmp_path).returncode == code
    assert not (tmp_path / "said").exists()


def test_the_batch_script_says_how_it_is_used(tmp_path: Path) -> None:
    done = run_script("submit", folder=tmp_path)
    assert done.returncode == 2
    assert "usage:" in done.stderr
