from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from catalogs.records import DatePair
from fringewatch.errors import StoreError
from insar_models.detectors.protocol import Detector
from insar_models.phase.window_patches import PATCH_ORIGINS
from tasks.judge.models import model_of
from tasks.pictures.phase_windows import SeenPair, WindowReader, window_activation
from tests.scenes import FRAME
from tests.tasks.kept_home import PAIRS, KeptHome


@dataclass(frozen=True)
class FakeModel:
    """Looks at what the phase is, at the first of the patches most."""

    seen: list[float]

    def activation(self, phase_rad: NDArray[np.float32]) -> NDArray[np.float32]:
        self.seen.append(float(np.nanmean(phase_rad)))
        return phase_rad + np.float32(10 - len(self.seen))


def look(phase_rad: NDArray[np.float32]) -> tuple[NDArray[np.float32], list[float]]:
    model = FakeModel([])
    return window_activation(phase_rad, model), model.seen  # type: ignore[arg-type]  # a part of one


def test_where_patches_overlap_the_largest_counts() -> None:
    found, seen = look(np.zeros((500, 500), dtype=np.float32))
    assert len(seen) == len(PATCH_ORIGINS)
    assert found[0, 0] == 9
    assert found[150, 150] == 9  # patches 1, 2, 4 and 5
    assert found[499, 150] == 3  # patches 7 and 8
    assert found[499, 499] == 1


def test_no_data_stays_unknown_and_empty_patches_are_not_asked() -> None:
    phase = np.full((500, 500), np.nan, dtype=np.float32)
    phase[450:, 450:] = 0.5
    found, seen = look(phase)
    assert seen == [0.5]
    assert np.array_equal(np.isnan(found), np.isnan(phase))
    assert np.isnan(look(np.full((500, 500), np.nan, dtype=np.float32))[0]).all()


def reader_of(kept: KeptHome) -> tuple[WindowReader, Detector]:
    model = model_of(kept.settings)
    return WindowReader(kept.home, "fernandina", model, kept.settings, {}), model


def test_a_positive_window_comes_with_where_the_model_looks(kept: KeptHome) -> None:
    reader, model = reader_of(kept)
    window = reader.read(SeenPair(FRAME, PAIRS[-1], 0.9, positive=True))
    assert window.track == str(FRAME)[:4]
    assert window.phase_rad.shape == (500, 500)
    assert window.activation is not None
    rows, columns = PATCH_ORIGINS[4].slices
    alone = model.activation(window.phase_rad[rows, columns])
    assert np.all(window.activation[rows, columns] >= alone)
    other = reader.read(SeenPair(FRAME, PAIRS[0], 0.1, positive=False))
    assert other.activation is None
    assert not np.array_equal(other.phase_rad, window.phase_rad)


def test_a_pair_that_the_cube_lost_is_said(kept: KeptHome) -> None:
    reader, _ = reader_of(kept)
    lost = SeenPair(FRAME, DatePair.parse("20200101_20200113"), 0.9, positive=True)
    with pytest.raises(StoreError, match=r"does not hold 20200101_20200113.*verify --repair"):
        reader.read(lost)
