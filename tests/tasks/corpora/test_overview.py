"""The overview of a corpus: counts from its columns, whatever they hold."""

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from catalogs.storage.place import Folder
from fringewatch.errors import StoreError
from fringewatch.numbers import PATCH_SIZE
from tasks.corpora.overview import read_overview, readable_bytes
from tests.tasks.corpora.small_version import SmallVersion, noise, write_small

COLUMNS: dict[str, Any] = {
    "sources": [0, 0, 0, 0, 1, 1, 2],
    "volcano": ["etna", "fernandina", "etna", "etna", "ale bagu", "", ""],
    "secondary": [dt.date(2015, 6, 1)] * 3 + [dt.date(2024, 3, 6)] * 3 + [None],
    "primary": [dt.date(2015, 5, 1)] * 3 + [dt.date(2024, 2, 6)] * 3 + [None],
    "label": [-1, -1, -1, -1, 1, 0, 1],
    "group": [0, 0, 1, 2, 3, 4, 5],
    "area": [0, 0, 0, 0, 1, 2, 3],
    "coherence_mean": [0.1, 0.2, 0.3, 0.4, np.nan, np.nan, np.nan],
}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> SmallVersion:
    return write_small(tmp_path_factory.mktemp("overview"), noise(7), **COLUMNS)


def test_patches_are_counted_by_everything(small: SmallVersion) -> None:
    found = read_overview(small.place)
    assert (found.name, found.version, found.patches) == ("small", small.plan.version, 7)
    assert found.sources == (("cubes-0", 4), ("images-1 (pictures)", 2), ("simulated-2", 1))
    assert found.volcanoes == (("etna", 3), ("unknown", 2), ("ale bagu", 1), ("fernandina", 1))
    assert found.years == (("2015", 3), ("2024", 3), ("unknown", 1))
    assert found.labels == (("deforming", 2), ("quiet", 1), ("unlabelled", 4))
    assert (found.groups, found.areas) == (6, 4)


def test_quartiles_pass_by_patches_without_a_value(small: SmallVersion) -> None:
    quality = {quality.name: quality for quality in read_overview(small.place).qualities}
    coherence = quality["coherence_mean"]
    assert coherence.known == 4
    assert coherence.quartiles == pytest.approx((0.1, 0.175, 0.25, 0.325, 0.4), abs=1e-6)
    assert quality["phasor_coherence"].known == 7


def test_bytes_are_those_on_disk(small: SmallVersion) -> None:
    found = read_overview(small.place)
    folder = small.place.path
    assert folder is not None
    files = [path for path in folder.rglob("*") if path.is_file()]
    shards = [path for path in files if path.parent.name == "phase" and path.name != "zarr.json"]
    assert len(shards) == 2
    assert found.stored_bytes == sum(path.stat().st_size for path in files)
    assert found.phase_bytes == sum(path.stat().st_size for path in shards)
    assert found.raw_bytes == 7 * PATCH_SIZE**2
    assert found.compression == found.raw_bytes / found.phase_bytes


def test_a_person_reads_every_count(small: SmallVersion) -> None:
    said = "\n".join(read_overview(small.place).lines())
    for words in (small.plan.version, "7 patches", "etna", "2015", "deforming", "6 groups"):
        assert words in said


def test_many_volcanoes_end_in_one_line(tmp_path: Path) -> None:
    names = [f"volcano-{number:02}" for number in range(20)] + ["volcano-07"]
    found = read_overview(write_small(tmp_path, noise(21), volcano=names).place)
    lines = [line.split() for line in found.lines()]
    assert ["volcano-07", "2"] in lines
    assert ["8", "others", "8"] in lines
    assert ["volcano-19", "1"] not in lines
    assert sum(int(line[-1]) for line in lines if "volcano-" in line[0] or "others" in line) == 21


def test_a_quality_that_no_patch_has_is_said(tmp_path: Path) -> None:
    found = read_overview(write_small(tmp_path, noise(2)).place)
    assert {q.name: q.known for q in found.qualities}["coherence_mean"] == 0
    (line,) = [line for line in found.lines() if "coherence_mean" in line]
    assert line.split() == ["coherence_mean", "no", "patch", "has", "one"]


def test_what_is_not_finished_is_no_corpus(small: SmallVersion, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no finished version"):
        read_overview(Folder(tmp_path / "none.zarr"))


def test_a_damaged_column_is_named_as_damage(tmp_path: Path) -> None:
    place = write_small(tmp_path, noise(3)).place
    assert place.path is not None
    (chunk,) = (place.path / "group" / "c").iterdir()
    chunk.write_bytes(chunk.read_bytes()[:-3] + b"xyz")
    with pytest.raises(StoreError, match=r"is damaged .*corpus verify small"):
        read_overview(place)


def test_a_version_without_a_column_is_refused(tmp_path: Path) -> None:
    place = write_small(tmp_path, noise(3)).place
    root = place / "zarr.json"
    root.write(root.read().replace(b'"area"', b'"aria"'))
    with pytest.raises(StoreError, match="area"):
        read_overview(place)


@given(st.integers(0, 10**17))
@example(999_500_000_000_000)
@example(999_499)
@example(1000)
def test_bytes_are_readable_and_right(size: int) -> None:
    number, unit = readable_bytes(size).split()
    units = ("bytes", "kB", "MB", "GB", "TB", "PB")
    assert float(number) * 1000 ** units.index(unit) == pytest.approx(size, rel=0.006)
    assert "e" not in number
