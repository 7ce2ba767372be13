"""Quiet windows and air that take a moment."""

import numpy as np

from fringewatch.numbers import WINDOW_SIZE
from insar_models.patchfile.air_file import Air
from insar_models.patchfile.window_file import Windows


def quiet_windows(volcanoes: int = 6, each: int = 2, seed: int = 0) -> Windows:
    """Slow ramps over volcanoes a, b, c ...; the western fifth of each window is sea."""
    count = volcanoes * each
    slopes = np.random.default_rng(seed).uniform(0.2, 0.8, count)[:, None, None]
    ramp = np.arange(float(WINDOW_SIZE))[None, :, None] * slopes + np.zeros((1, 1, WINDOW_SIZE))
    phase = (1 + ramp.astype(np.int64) % 254).astype(np.uint8)
    phase[:, :, : WINDOW_SIZE // 5] = 0
    days = np.arange(count, dtype=np.int32)
    return Windows(
        phase=phase,
        volcano=np.repeat(np.array([chr(ord("a") + at) for at in range(volcanoes)]), each),
        frame=np.array(["018A_12668_131313"] * count),
        primary=days,
        secondary=days + 12,
        licence="made for a test",
        sha256="0" * 64,
    )


def hills_and_weather(seed: int = 0) -> Air:
    """A cone of 2,000 m, and delays of three dates that rise to the east."""
    rows, columns = np.mgrid[0:400, 0:400]
    cone = 2000 * np.exp(-np.hypot(rows - 200, columns - 200) / 60)
    east = np.linspace(0, 300, 400)[None, None] * np.array([0.0, 1.0, 2.0])[:, None, None]
    delays = east + np.zeros((1, 400, 1))
    return Air({"cone": cone.astype(np.int16)}, {"east": delays.astype(np.int16)}, "made", "1" * 64)
