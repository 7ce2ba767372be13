"""Checkpoints: whole or not at all, never two writers, and nothing is believed unseen."""

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

import torch

from fringewatch.errors import HomeBusyError, HomeError, ModelError, TrainingError
from insar_models.training import checkpoints as pretraining_state
from insar_models.training.checkpoints import (
    Checkpoint,
    one_at_a_time,
    read_checkpoint,
    write_checkpoint,
)
from insar_models.training.journal import Journal, read_journal


def checkpoint(step: int = 3) -> Checkpoint:
    tensors = {
        "weights": torch.randn(2, 3, 4, 4).contiguous(memory_format=torch.channels_last),
        "count": torch.tensor(step),
        "half": torch.randn(3).bfloat16(),
        "none": torch.empty(0, 2),
        "flags": torch.tensor([True, False]),
    }
    return Checkpoint(step, {"losses": [0.1, 1 / 3], "loss": None}, tensors)


def read(folder: Path) -> Checkpoint:
    found = read_checkpoint(folder)
    assert found is not None
    return found


class TestCheckpoints:
    def test_there_and_back(self, tmp_path: Path) -> None:
        written = checkpoint()
        write_checkpoint(tmp_path, written)
        found = read(tmp_path)
        assert (found.step, found.facts) == (written.step, written.facts)
        assert found.tensors.keys() == written.tensors.keys()
        for name, tensor in written.tensors.items():
            assert found.tensors[name].dtype == tensor.dtype
            assert torch.equal(found.tensors[name], tensor)

    def test_none_yet(self, tmp_path: Path) -> None:
        assert read_checkpoint(tmp_path / "nowhere") is None

    def test_the_last_two_are_kept(self, tmp_path: Path) -> None:
        for step in (1, 2, 10, 9):
            write_checkpoint(tmp_path, checkpoint(step))
        names = sorted(path.name for path in (tmp_path / "checkpoints").iterdir())
        assert names == ["step-00000009.safetensors", "step-00000010.safetensors"]
        assert read(tmp_path).step == 10

    @pytest.mark.parametrize("damage", ["cut", "bit", "header", "empty", "text"])
    def test_damage(self, tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture) -> None:
        write_checkpoint(tmp_path, checkpoint(1))
        path = write_checkpoint(tmp_path, checkpoint(2))
        content = bytearray(path.read_bytes())
        if damage == "bit":
            content[-40] ^= 1
        elif damage == "header":
            content[20] ^= 1
        else:
            content = {"cut": content[:-7], "empty": bytearray(), "text": bytearray(b"no" * 99)}[
                damage
            ]
        path.write_bytes(content)
        assert read(tmp_path).step == 1
        assert str(path) in caplog.text
        path.with_name("step-00000001.safetensors").unlink()
        with pytest.raises(ModelError, match=r"no checkpoint in .* can be used"):
            read_checkpoint(tmp_path)

    def test_a_newer_format(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(pretraining_state, "CHECKPOINT_FORMAT", 2)
            write_checkpoint(tmp_path, checkpoint())
        with pytest.raises(ModelError, match=r"has the format '2'.*update Fringewatch"):
            read_checkpoint(tmp_path)

    def test_numbers_that_are_not_finite(self, tmp_path: Path) -> None:
        write_checkpoint(tmp_path, checkpoint(1))
        bad = checkpoint(2)
        bad.tensors["weights"][0, 0, 0, 0] = torch.nan
        with pytest.raises(TrainingError, match=r"after step 2 .* not finite in 'weights'"):
            write_checkpoint(tmp_path, bad)
        assert read(tmp_path).step == 1

    def test_a_full_disk(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        write_checkpoint(tmp_path, checkpoint(1))

        def full(self: Path, content: Any) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(Path, "write_bytes", full)
            with pytest.raises(HomeError, match="the disk is full"):
                write_checkpoint(tmp_path, checkpoint(2))
        assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == [
            "step-00000001.safetensors"
        ]
        assert read(tmp_path).step == 1

    def test_drafts_of_killed_writers_go(self, tmp_path: Path) -> None:
        write_checkpoint(tmp_path, checkpoint(1))
        draft = tmp_path / "checkpoints" / ".step-00000002.safetensors.whatever.tmp"
        draft.write_bytes(b"half")
        os.utime(draft, (0, 0))
        read_checkpoint(tmp_path)
        assert not draft.exists()


class TestOneAtATime:
    def test_two(self, tmp_path: Path) -> None:
        with (
            one_at_a_time(tmp_path / "run"),
            pytest.raises(HomeBusyError, match="another process"),
            one_at_a_time(tmp_path / "run"),
        ):
            pass
        with one_at_a_time(tmp_path / "run"):
            pass

    def test_death_lets_go(self, tmp_path: Path) -> None:
        code = (
            "import fcntl, os, sys\n"
            "lock = open(sys.argv[1], 'w')\n"
            "fcntl.flock(lock, fcntl.LOCK_EX)\n"
            "os.kill(os.getpid(), 9)\n"
        )
        done = subprocess.run([sys.executable, "-c", code, str(tmp_path / ".lock")], check=False)
        assert done.returncode == -9
        with one_at_a_time(tmp_path):
            pass

    def test_a_file_in_the_way(self, tmp_path: Path) -> None:
        (tmp_path / "run").write_text("")
        with (
            pytest.raises(HomeError, match="a file stands where a folder is needed"),
            one_at_a_time(tmp_path / "run"),
        ):
            pass


class TestJournal:
    def test_notes(self, tmp_path: Path) -> None:
        path = tmp_path / "run" / "journal.jsonl"
        journal = Journal(path, -1)
        for step in (0, 5, 10):
            journal.note(step=step, loss=step / 3)
        assert [note["loss"] for note in read_journal(path)] == [0.0, 5 / 3, 10 / 3]
        with path.open("a") as file:
            file.write('{"step": 12, "loss": 0.')
        Journal(path, 5).note(step=7)
        assert [note["step"] for note in read_journal(path)] == [0, 5, 7]
        Journal(path, -1)
        assert read_journal(path) == []

    def test_a_full_disk(self, tmp_path: Path) -> None:
        journal = Journal(Path("/dev/full"), -1)
        with pytest.raises(HomeError, match="the disk is full"):
            journal.note(step=1)
