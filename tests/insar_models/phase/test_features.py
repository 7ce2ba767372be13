"""The 47 features: known answers, invariances, no data."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from fringewatch.errors import BadInputError
from insar_models.phase.codes import phasor, wrap
from insar_models.phase.features import (
    FEATURE_NAMES,
    MINIMUM_SIDE,
    MINIMUM_VALID_FRACTION,
    phase_features,
    valid_fraction,
)
from insar_models.phase.fringe_rate import smoothed_phasor
from tests.insar_models.fringes import closed_fringes, noise, ramp, scene

_seeds = st.integers(0, 10_000)


def by_name(phase_rad: NDArray[np.float32]) -> dict[str, float]:
    return dict(zip(FEATURE_NAMES, phase_features(phase_rad).tolist(), strict=True))


def assert_same(first: NDArray[np.floating], second: NDArray[np.floating]) -> None:
    # A fraction of pixels above a level may flip for a pixel or two on rounding.
    np.testing.assert_allclose(phase_features(first), phase_features(second), atol=2e-3, rtol=2e-3)


class TestKnownAnswers:
    def test_there_are_47_names_and_numbers(self) -> None:
        assert len(FEATURE_NAMES) == len(set(FEATURE_NAMES)) == 47
        assert phase_features(ramp(0.1)).shape == (47,)
        assert phase_features(ramp(0.1)).dtype == np.float64

    def test_noise_is_known_by_its_coherence(self) -> None:
        found = by_name(noise())
        # |mean of n random phasors| averages sqrt(pi / 4n): 0.127 for n = 49
        assert found["phasor_coherence_7_mean"] == pytest.approx(0.127, abs=0.01)
        assert found["coherent_above_0.85_box_31"] == 0.0
        assert found["rate_above_0.5_of_coherent_0.6_box_15"] == 0.0

    @pytest.mark.parametrize(("rate", "faster"), [(0.1, 0), (0.2, 1), (0.4, 2), (0.6, 3), (0.9, 4)])
    def test_a_ramp_has_its_rate_everywhere_and_no_divergence(
        self, rate: float, faster: int
    ) -> None:
        found = by_name(ramp(rate))
        assert found["coherent_above_0.85_box_31"] == 1.0
        steps = [
            found[f"rate_above_{level}_of_coherent_0.6_box_15"] for level in (0.15, 0.3, 0.5, 0.8)
        ]
        assert steps == [1.0] * faster + [0.0] * (4 - faster)
        # not exactly 0: at the rim the smoothing leans inwards
        assert found["divergence_mean_box_31"] < 1e-3
        assert found["rate_spread_box_31"] < 0.02

    def test_constant_phase_is_wholly_coherent(self) -> None:
        found = by_name(np.full((64, 64), 1.5, dtype=np.float32))
        assert found["phasor_coherence_3_p10"] == pytest.approx(1.0, abs=1e-5)
        assert found["rate_above_0.15_of_coherent_0.6_box_7"] == 0.0

    def test_a_bowl_diverges_by_its_curvature(self) -> None:
        rows, columns = np.indices((96, 96)) - 48
        curvature = 0.004  # rad per pixel squared, along each axis
        found = by_name(wrap(0.5 * curvature * (rows**2 + columns**2)))
        # means over boxes are cut at the edges of the patch, which flattens the bowl there
        assert found["divergence_p99_box_7"] == pytest.approx(2 * curvature, rel=0.05)
        assert 1.6 * curvature < found["divergence_mean_box_7"] < 2 * curvature

    def test_closed_fringes_diverge_more_than_a_ramp_as_fast(self) -> None:
        bump, straight = by_name(closed_fringes()), by_name(ramp(0.8))
        for box in (7, 15, 31):
            assert bump[f"divergence_p99_box_{box}"] > 3 * straight[f"divergence_p99_box_{box}"]
            assert bump[f"rate_spread_box_{box}"] > 10 * straight[f"rate_spread_box_{box}"]

    def test_percentiles_are_numpys(self) -> None:
        phase = scene(4)
        smooth, counts = smoothed_phasor(phasor(phase), 7)
        expected = np.percentile(np.abs(smooth[counts]), (10, 50, 90))
        found = by_name(phase)
        assert [found[f"phasor_coherence_7_p{k}"] for k in (10, 50, 90)] == pytest.approx(expected)


class TestInvariances:
    @settings(max_examples=15, deadline=None)
    @given(seed=_seeds, offset=st.floats(-20, 20))
    def test_constant_offset(self, seed: int, offset: float) -> None:
        phase = scene(seed)
        assert_same(phase, wrap(phase + offset))

    @settings(max_examples=15, deadline=None)
    @given(seed=_seeds)
    def test_sign(self, seed: int) -> None:
        phase = scene(seed)
        assert_same(phase, -phase)

    @settings(max_examples=20, deadline=None)
    @given(seed=_seeds, turns=st.integers(0, 3), mirror=st.booleans())
    def test_turns_and_mirrors(self, seed: int, turns: int, mirror: bool) -> None:
        phase = scene(seed)
        turned = np.rot90(phase, turns)
        assert_same(phase, np.flipud(turned) if mirror else turned)

    @settings(max_examples=15, deadline=None)
    @given(height=st.integers(MINIMUM_SIDE, 80), width=st.integers(MINIMUM_SIDE, 80), seed=_seeds)
    @example(height=31, width=31, seed=1733)  # whose corner is nearly half empty
    def test_any_shape_gives_finite_numbers(self, height: int, width: int, seed: int) -> None:
        phase = scene(seed, 96)[:height, :width]
        finite = np.isfinite(phase_features(phase))
        assert finite.all() or (not finite.any() and valid_fraction(phase) < 0.6)

    def test_whole_turns_and_double_precision_change_nothing(self) -> None:
        phase = scene(5)
        assert_same(phase, phase.astype(np.float64) + 2 * np.pi)


class TestNoData:
    def test_what_lies_under_the_mask_does_not_matter(self) -> None:
        quiet, wild = ramp(0.2), ramp(0.2)
        wild[:, 60:] = noise()[:, 60:]
        quiet[:, 60:] = wild[:, 60:] = np.nan
        np.testing.assert_array_equal(phase_features(quiet), phase_features(wild))

    def test_a_masked_patch_equals_its_valid_part(self) -> None:
        phase = scene(3, 128)
        masked = phase.copy()
        masked[:, 96:] = np.nan
        np.testing.assert_allclose(phase_features(masked), phase_features(phase[:, :96]), atol=1e-5)

    @settings(max_examples=10, deadline=None)
    @given(seed=_seeds)
    def test_scattered_holes_hardly_change_anything(self, seed: int) -> None:
        phase = closed_fringes(15.0, 20.0)
        holed = phase.copy()
        holed[np.random.default_rng(seed).random(phase.shape) < 0.1] = np.nan
        whole, found = by_name(phase), by_name(holed)
        for name in FEATURE_NAMES:
            assert found[name] == pytest.approx(whole[name], rel=0.15, abs=0.06), name

    def test_infinite_phase_is_no_data(self) -> None:
        with_nan, with_infinity = scene(1), scene(1)
        with_infinity[np.isnan(with_nan)] = np.inf
        np.testing.assert_array_equal(phase_features(with_nan), phase_features(with_infinity))

    @pytest.mark.parametrize("rows", [0, 9])
    def test_too_little_phase_is_not_judged(self, rows: int) -> None:
        phase = np.full((100, 100), np.nan, dtype=np.float32)
        phase[:rows] = 1.0
        assert valid_fraction(phase) < MINIMUM_VALID_FRACTION
        assert np.isnan(phase_features(phase)).all()

    def test_enough_phase_is_judged(self) -> None:
        phase = np.full((100, 100), np.nan, dtype=np.float32)
        phase[20:53, 20:53] = ramp(0.1, 33)
        assert valid_fraction(phase) >= MINIMUM_VALID_FRACTION
        assert np.isfinite(phase_features(phase)).all()

    def test_a_sieve_of_single_pixels_is_not_judged(self) -> None:
        phase = np.full((100, 100), np.nan, dtype=np.float32)
        phase[::3, ::3] = 1.0
        assert valid_fraction(phase) > MINIMUM_VALID_FRACTION
        assert np.isnan(phase_features(phase)).all()

    def test_nothing_has_no_valid_fraction(self) -> None:
        assert valid_fraction(np.empty((0, 5), dtype=np.float32)) == 0.0


@pytest.mark.parametrize("shape", [(96,), (2, 96, 96), (30, 96), (96, 30), (0, 0)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(BadInputError, match="at least 31 pixels"):
        phase_features(np.zeros(shape, dtype=np.float32))
