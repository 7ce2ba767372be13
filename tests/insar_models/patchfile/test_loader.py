"""The loader: the same batches however they are read."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("torch")

import torch

from fringewatch.errors import BadInputError
from insar_models.patchfile import loader as patch_loader
from insar_models.patchfile.file import PatchFile
from insar_models.patchfile.loader import Batch, Loading, PatchLoader, Residence
from insar_models.patchfile.sampling import EachOnce, Rank
from tests.insar_models.small_patch_file import small_patch_file

COUNT = 41
DRAW = EachOnce(COUNT, 8, seed=3, drop_last=False)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> PatchFile:
    return small_patch_file(tmp_path_factory.mktemp("loader") / "a.safetensors", COUNT)


def kept_as(residence: Residence, **others: Any) -> Loading:
    return Loading(residence=residence, **others)


def assert_same(found: list[Batch], expected: list[Batch]) -> None:
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one.rows, other.rows)
        assert one.phase.dtype == torch.uint8
        assert torch.equal(one.phase, other.phase)


@pytest.mark.parametrize("residence", ["resident", "mapped"])
class TestBothWays:
    def test_a_batch_holds_the_patches_of_its_rows(
        self, file: PatchFile, residence: Residence
    ) -> None:
        loader = PatchLoader(file, DRAW, loading=kept_as(residence))
        assert loader.is_resident == (residence == "resident")
        found = list(loader.epoch(0))
        assert len(found) == loader.steps == 6
        assert sorted(np.concatenate([batch.rows for batch in found])) == list(range(COUNT))
        for batch in found:
            np.testing.assert_array_equal(batch.phase.numpy(), file.phase[batch.rows])

    def test_a_selection(self, file: PatchFile, residence: Residence) -> None:
        rows = np.array([40, 2, 17, 3, 9, 11])
        loader = PatchLoader(file, EachOnce(6, 2, seed=1), rows=rows, loading=kept_as(residence))
        found = list(loader.epoch(5))
        assert sorted(np.concatenate([batch.rows for batch in found])) == sorted(rows)
        for batch in found:
            np.testing.assert_array_equal(batch.phase.numpy(), file.phase[batch.rows])

    def test_going_on_reads_nothing_again(
        self, file: PatchFile, residence: Residence, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        loader = PatchLoader(file, DRAW, loading=kept_as(residence))
        whole = list(loader.epoch(2))
        read: list[int] = []
        plain = PatchFile.read

        def counted(self: PatchFile, rows: Any, into: Any = None) -> NDArray[np.uint8]:
            read.extend(rows.tolist())
            return plain(self, rows, into)

        monkeypatch.setattr(PatchFile, "read", counted)
        assert_same(list(loader.epoch(2, start=4)), whole[4:])
        wanted: Any = [] if residence == "resident" else np.concatenate([b.rows for b in whole[4:]])
        assert sorted(read) == sorted(wanted)
        with pytest.raises(BadInputError, match="step 7 cannot be"):
            loader.epoch(2, start=7)

    def test_ranks(self, file: PatchFile, residence: Residence) -> None:
        draw = EachOnce(COUNT, 8, seed=3)
        whole = list(PatchLoader(file, draw, loading=kept_as(residence)).epoch(1))
        parts = [
            list(PatchLoader(file, draw, loading=kept_as(residence, rank=Rank(number, 4))).epoch(1))
            for number in range(4)
        ]
        for batch, *shares in zip(whole, *parts, strict=True):
            assert torch.equal(batch.phase, torch.cat([share.phase for share in shares]))

    def test_a_batch_belongs_to_whoever_has_it(self, file: PatchFile, residence: Residence) -> None:
        loader = PatchLoader(file, DRAW, loading=kept_as(residence))
        first = [batch.phase.clone() for batch in loader.epoch(0)]
        for batch in loader.epoch(0):
            batch.phase.zero_()
        assert all(map(torch.equal, first, (batch.phase for batch in loader.epoch(0))))


@pytest.mark.parametrize(("threads", "ahead"), [(1, 1), (1, 4), (3, 2), (4, 50)])
def test_threads_change_nothing(file: PatchFile, threads: int, ahead: int) -> None:
    expected = list(PatchLoader(file, DRAW, loading=Loading(residence="resident")).epoch(7))
    loading = Loading(residence="mapped", threads=threads, ahead=ahead)
    assert_same(list(PatchLoader(file, DRAW, loading=loading).epoch(7)), expected)


def test_threads_that_end_in_another_order_change_nothing(
    file: PatchFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first batch is held back until the third was read."""
    plain, third = PatchFile.read, threading.Event()
    started: list[int] = []

    def slow(self: PatchFile, rows: Any, into: Any = None) -> NDArray[np.uint8]:
        started.append(len(started))
        at = started[-1]
        if at == 0:
            assert third.wait(20)
        if at == 2:
            third.set()
        return plain(self, rows, into)

    expected = list(PatchLoader(file, DRAW, loading=Loading(residence="resident")).epoch(0))
    loader = PatchLoader(file, DRAW, loading=Loading(residence="mapped", threads=2, ahead=4))
    monkeypatch.setattr(PatchFile, "read", slow)
    assert_same(list(loader.epoch(0)), expected)


def test_no_more_than_was_asked_for_is_read_ahead(
    file: PatchFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, reads = PatchFile.read, []

    def counted(self: PatchFile, rows: Any, into: Any = None) -> NDArray[np.uint8]:
        reads.append(rows)
        return plain(self, rows, into)

    loader = PatchLoader(file, DRAW, loading=Loading(residence="mapped", threads=1, ahead=2))
    monkeypatch.setattr(PatchFile, "read", counted)
    epoch = loader.epoch(0)
    next(epoch)
    cast("Any", epoch).close()
    assert 1 <= len(reads) <= 2
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("patches")]


def test_a_reading_error_reaches_the_caller(
    file: PatchFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        message = "no such disk"
        raise OSError(message)

    loader = PatchLoader(file, DRAW, loading=Loading(residence="mapped"))
    monkeypatch.setattr(PatchFile, "read", broken)
    with pytest.raises(OSError, match="no such disk"):
        next(loader.epoch(0))


class TestResidence:
    @pytest.mark.parametrize(("share", "stays"), [(2.0, True), (1.9, False), (None, False)])
    def test_patches_stay_where_half_of_the_free_memory_holds_them(
        self, file: PatchFile, monkeypatch: pytest.MonkeyPatch, share: float | None, stays: bool
    ) -> None:
        free = None if share is None else int(share * file.phase.nbytes)
        monkeypatch.setattr(patch_loader, "free_memory", lambda: free)
        assert PatchLoader(file, DRAW).is_resident == stays

    def test_ranks_on_one_machine_each_need_their_own(
        self, file: PatchFile, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(patch_loader, "free_memory", lambda: 7 * file.phase.nbytes)
        for ranks, stays in ((2, True), (4, False)):
            loading = Loading(rank=Rank(0, ranks))
            assert PatchLoader(file, DRAW, loading=loading).is_resident == stays

    def test_patches_that_must_stay_and_do_not_fit(
        self, file: PatchFile, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(patch_loader, "free_memory", lambda: file.phase.nbytes - 1)
        with pytest.raises(BadInputError, match=r"41 patches take 0\.00 GB.*GB are free.*'mapped'"):
            PatchLoader(file, DRAW, loading=Loading(residence="resident"))

    def test_patches_that_must_stay_where_nothing_is_known(
        self, file: PatchFile, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(patch_loader, "free_memory", lambda: None)
        assert PatchLoader(file, DRAW, loading=Loading(residence="resident")).is_resident

    @pytest.mark.parametrize("residence", ["resident", "mapped"])
    def test_other_devices_get_patches_of_the_right_form(
        self, file: PatchFile, residence: Residence
    ) -> None:
        # This device computes shapes alone, and is there without a GPU.
        loading = Loading(device="meta", residence=residence)
        found = list(PatchLoader(file, DRAW, loading=loading).epoch(0))
        assert [len(batch.phase) for batch in found] == [8, 8, 8, 8, 8, 1]
        for batch in found:
            assert batch.phase.is_meta
            assert batch.phase.dtype == torch.uint8
            assert batch.phase.shape == (len(batch.rows), 224, 224)
        assert not PatchLoader(file, DRAW, loading=Loading(device="meta")).is_resident

    @pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
    @pytest.mark.parametrize("residence", ["auto", "resident", "mapped"])
    def test_a_gpu_gets_the_same(self, file: PatchFile, residence: Residence) -> None:
        loading = Loading(device="cuda", residence=residence)
        for batch in PatchLoader(file, DRAW, loading=loading).epoch(0):
            assert batch.phase.is_cuda
            np.testing.assert_array_equal(batch.phase.cpu().numpy(), file.phase[batch.rows])


class TestRefusals:
    @pytest.mark.parametrize("row", [-1, COUNT])
    def test_rows_outside(self, file: PatchFile, row: int) -> None:
        with pytest.raises(BadInputError, match=rf"1 of 3 rows, such as {row}, .* rows 0 to 40"):
            PatchLoader(file, EachOnce(3, 1, 0), rows=np.array([0, row, 1]))

    @pytest.mark.parametrize("rows", [np.ones(COUNT, bool), np.ones(3), np.ones((3, 1), np.int64)])
    def test_rows_that_are_none(self, file: PatchFile, rows: NDArray[Any]) -> None:
        with pytest.raises(BadInputError, match="select nothing"):
            PatchLoader(file, EachOnce(3, 1, 0), rows=rows)

    def test_a_draw_for_another_number(self, file: PatchFile) -> None:
        with pytest.raises(BadInputError, match="drawn from 40 patches, but 41"):
            PatchLoader(file, EachOnce(40, 8, 0))

    def test_a_batch_that_ranks_cannot_share(self, file: PatchFile) -> None:
        with pytest.raises(BadInputError, match="8 cannot be shared evenly among 3"):
            PatchLoader(file, DRAW, loading=Loading(rank=Rank(0, 3)))

    @pytest.mark.parametrize("device", ["cuda:77", "gpu", "cpu:x"])
    def test_a_device_that_is_not_there(self, file: PatchFile, device: str) -> None:
        with pytest.raises(BadInputError, match=f"the device '{device}' cannot be used"):
            PatchLoader(file, DRAW, loading=Loading(device=device))

    @pytest.mark.parametrize(
        "make",
        [
            lambda: Loading(threads=0),
            lambda: Loading(ahead=0),
            lambda: Loading(residence=cast("Any", "disk")),
        ],
    )
    def test_settings_that_cannot_be(self, make: Callable[[], Loading]) -> None:
        with pytest.raises(BadInputError):
            make()


def test_a_loader_outlives_its_files_name(tmp_path: Path) -> None:
    file = small_patch_file(tmp_path / "b.safetensors")
    loader = PatchLoader(file, EachOnce(10, 5, 0), loading=Loading(residence="mapped"))
    file.path.unlink()
    assert len(list(loader.epoch(0))) == 2
