"""A home as a Python program sees it, asked with what it cannot be."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from fringewatch.errors import BadInputError
from fringewatch.numbers import WINDOW_SIZE
from tasks.opened_home import OpenHome, open_home
from tests.portal.server import StandInPortal
from tests.scenes import FRAME, QUIET, write_frame

SHAPE = (WINDOW_SIZE, WINDOW_SIZE)


@pytest.fixture
def home(tmp_path: Path) -> OpenHome:
    """One that nobody has watched with."""
    return open_home(tmp_path / "home")


@pytest.fixture
def phase_rad() -> NDArray[np.float32]:
    """Fringes over the whole window."""
    ramp = np.linspace(0, 60, WINDOW_SIZE, dtype=np.float32)
    phase: NDArray[np.float32] = np.angle(np.exp(1j * (ramp + ramp[:, None]))).astype(np.float32)
    return phase


@pytest.mark.parametrize(
    ("phase_of", "said"),
    [
        (np.degrees, "phase reaches from -179.7 to 179.1: give wrapped radians"),
        (lambda phase: phase * 10, "phase reaches from -31"),
        (lambda phase: np.exp(1j * phase).astype(np.complex64), "phase is complex64"),
        (lambda phase: phase.astype(np.int16), "phase is int16"),
        (lambda phase: phase / (2 * np.pi), "ends sharply at -0.49.* and 0.49.*, as cycles do"),
        (lambda phase: phase / np.pi, "as half cycles .phase . pi. do"),
        (lambda phase: phase / (2 * np.pi) % 1, "as cycles from 0 to 1 do"),
    ],
)
def test_a_phase_of_another_kind_is_not_scored(
    home: OpenHome,
    phase_rad: NDArray[np.float32],
    phase_of: Callable[[object], NDArray[np.float32]],
    said: str,
) -> None:
    with pytest.raises(BadInputError, match=said):
        home.score_window(phase_of(phase_rad))


@pytest.mark.parametrize(
    ("coherence", "said"),
    [
        (np.full(SHAPE, 200.0), "coherence reaches from 200 to 200: give 0 to 1"),
        (np.full(SHAPE, -0.5), "coherence reaches from -0.5"),
        (np.full(SHAPE, 255, np.uint8), "coherence is uint8.*a 255th"),
        (np.indices(SHAPE)[0] % 2.0, "it is a mask"),
    ],
)
def test_nor_with_a_coherence_of_another_kind(
    home: OpenHome, phase_rad: NDArray[np.float32], coherence: NDArray[np.float32], said: str
) -> None:
    with pytest.raises(BadInputError, match=said):
        home.score_window(phase_rad, coherence)


def test_nor_with_water_that_is_not_yes_or_no(
    home: OpenHome, phase_rad: NDArray[np.float32]
) -> None:
    with pytest.raises(BadInputError, match="water is float64"):
        home.score_window(phase_rad, None, np.zeros(SHAPE))  # type: ignore[arg-type]


def test_no_data_is_no_unit(home: OpenHome, phase_rad: NDArray[np.float32]) -> None:
    phase_rad[:200] = np.nan
    phase_rad[200:230] = 0.0
    coherence = np.full(SHAPE, 0.9, np.float32)
    coherence[:200] = np.nan
    score = home.score_window(phase_rad, coherence)
    assert np.isfinite(score.score)
    assert score.coherence_mean == pytest.approx(0.9, abs=0.01)


def test_what_is_masked_is_no_data(home: OpenHome, phase_rad: NDArray[np.float32]) -> None:
    gone = phase_rad.copy()
    gone[:200] = np.nan
    hidden = np.ma.masked_array(np.where(np.isnan(gone), np.float32(1.0), gone), np.isnan(gone))
    score, expected = home.score_window(hidden), home.score_window(gone)
    assert score.score == expected.score
    assert score.valid_fraction == expected.valid_fraction < 1.0


@pytest.fixture
def watched(tmp_path: Path, undrawn: None) -> OpenHome:
    """One pair, brought by dates as pandas has them."""
    tree = write_frame(tmp_path / "tree", {"20240106_20240118": QUIET})
    with StandInPortal(tree) as portal:
        home = open_home(tmp_path / "home", portal=(portal.url,))
        first, last = pd.Timestamp("2024-01-01"), pd.Timestamp("2024-02-01")
        home.backfill("fernandina", first, last, [FRAME])
    return home


def test_a_midnight_is_a_date_and_what_is_not_there_is_told(watched: OpenHome) -> None:
    assert len(watched.interferograms("fernandina")) == 1
    with pytest.raises(BadInputError, match=f"no cube of fernandina.*there is {FRAME}"):
        watched.cube("fernandina", "155D_02579_100800")
    with pytest.raises(BadInputError, match=r"no cube of taal.*backfill\('taal'"):
        watched.cube("taal", "032D_07536_111313")


@pytest.mark.parametrize("start", [pd.NaT, "soon", pd.Timestamp("2024-01-01 12:00")])
def test_what_is_no_date_is_refused(home: OpenHome, start: dt.date) -> None:
    with pytest.raises(BadInputError, match=r"the start .* is no date"):
        home.backfill("fernandina", start, dt.date(2024, 2, 1))
