"""Motion on whole windows: where it lies, how large it is, and what is left of the rest."""

import numpy as np
import pytest

from fringewatch.errors import BadInputError
from fringewatch.numbers import FRINGE_M
from insar_models.phase.codes import decode_phase, phasor
from insar_models.tuning.window_pasting import (
    Fields,
    paste_on_windows,
    simulated_fields,
    spread_peaks,
    window_logits,
)

RNG = np.random.default_rng


def bowl(side: int = 300) -> Fields:
    away = np.hypot(*(np.mgrid[0:side, 0:side] - side / 2))
    return Fields(np.exp(-((away / 15) ** 2)).astype(np.float16)[None], np.array(["bowl"]))


def still(count: int = 1) -> np.ndarray:
    windows = np.full((count, 500, 500), 40, np.uint8)
    windows[:, :50] = 0
    return windows


def test_the_peak_is_what_was_asked_for_and_sea_stays_sea() -> None:
    peaks = np.full(20, FRINGE_M / 4)  # a quarter of a fringe: nothing wraps
    pasted = paste_on_windows(still(20), bowl(), peaks, RNG(0))
    assert (pasted.codes[:, :50] == 0).all()
    change = np.angle(phasor(decode_phase(pasted.codes)) * np.conj(phasor(decode_phase(still(1)))))
    largest = np.abs(change).max((1, 2))
    inside = pasted.seen > 0.9
    assert inside.sum() > 10
    assert np.allclose(largest[inside], np.pi / 2, atol=0.06)
    assert {True, False} == set((change.min((1, 2)) < -1).tolist())  # of either sign


def test_sources_lie_near_the_middle_and_anywhere() -> None:
    pasted = paste_on_windows(still(300), bowl(), np.full(300, FRINGE_M / 4), RNG(1))
    moved = np.abs(pasted.codes.astype(int) - 40)
    places = np.array([np.unravel_index(m.argmax(), m.shape) for m in moved if m.max() > 20])
    away = np.hypot(*(places - 250).T)
    assert (away < 150).mean() > 0.45
    assert (away > 200).any()


def test_where_nothing_can_be_seen_is_said() -> None:
    noise = RNG(2).integers(1, 256, (2, 500, 500), dtype=np.uint8)
    assert paste_on_windows(noise, bowl(), np.full(2, 0.1), RNG(0)).seen.max() < 0.3
    assert paste_on_windows(still(2) * 0, bowl(), np.full(2, 0.1), RNG(0)).seen.max() == 0


def test_simulated_fields_are_the_same_each_time() -> None:
    one, same = simulated_fields(3, 5), simulated_fields(3, 5)
    assert np.array_equal(one.motion, same.motion)
    assert set(one.kind.tolist()) == {"mogi", "sill", "dyke"}
    peaks = spread_peaks((0.02, 0.2), 500, RNG(0))
    assert peaks.min() >= 0.02
    assert peaks.max() <= 0.2
    assert 0.05 < np.median(peaks) < 0.08


def test_each_window_has_nine_logits() -> None:
    seen = window_logits(still(2), lambda patches: patches.mean((1, 2)))
    assert seen.shape == (2, 9)
    assert (seen[:, 3:] == 40).all()
    assert (seen[:, :3] < 40).all()


def test_small_fields_are_refused() -> None:
    with pytest.raises(BadInputError, match="cannot be pasted"):
        paste_on_windows(still(), bowl(100), np.array([0.1]), RNG(0))
