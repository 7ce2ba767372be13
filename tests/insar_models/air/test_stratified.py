"""Air is taken away, a source is not, and nothing is touched where heights explain nothing."""

import dataclasses
import time

import numpy as np
import pytest
from numpy.typing import NDArray

from fringewatch.errors import BadInputError
from fringewatch.numbers import PHASE_SCALE_RAD
from insar_models.air import AirCorrection, FitOutcome, delay_field, heights_field, remove_air
from insar_models.air.factor_fit import fit_factor
from insar_models.air.fields import AirField
from insar_models.air.lag_products import lag_products
from insar_models.phase.codes import decode_phase, encode_phase, phasor
from tests.insar_models.air.slow_fit import slow_factors, slow_products
from tests.insar_models.air.windows import COHERENT, SUMMIT, Window, hills, source_rad, window


def _corrected(made: Window) -> AirCorrection:
    return remove_air(made.phase, made.coherence, [heights_field(made.heights_m)])


@pytest.mark.parametrize("rate", [-6.0, -2.5, 1.5, 4.0, 12.0])
def test_air_is_found_with_its_sign_and_removed(rate: float) -> None:
    found = _corrected(window(rate))
    (fit,) = found.fits
    assert fit.outcome is FitOutcome.REMOVED
    assert fit.factor == pytest.approx(rate, abs=max(0.4, 4 * fit.deviation))
    assert fit.deviation < 0.4
    assert fit.chance <= 0.01
    assert found.agreement_after > found.agreement_before + 0.02
    assert 0.05 < found.share_explained < 1


@pytest.mark.parametrize("seed", range(6))
def test_where_there_is_none_nothing_is_touched(seed: int) -> None:
    made = window(seed=seed)
    found = _corrected(made)
    assert not found.is_changed
    assert np.array_equal(found.phase, made.phase)
    assert not found.removed_rad.any()
    assert found.share_explained == 0


@pytest.mark.parametrize("peak", [-25.0, -5.0, 5.0, 25.0])
@pytest.mark.parametrize("radius", [20.0, 45.0])
def test_a_source_at_the_summit_alone_is_not_touched(peak: float, radius: float) -> None:
    made = window(extra_rad=source_rad(peak, radius))
    found = _corrected(made)
    assert np.array_equal(found.phase, made.phase)


@pytest.mark.parametrize("peak", [-25.0, -6.0, 6.0, 25.0])
@pytest.mark.parametrize("rate", [-4.0, 4.0])
def test_a_source_under_air_keeps_its_peak(peak: float, rate: float) -> None:
    source = source_rad(peak)
    found = _corrected(window(rate, extra_rad=source))
    assert found.is_changed
    left = source + rate * hills() / 1_000 - found.removed_rad
    far = source_rad(1.0) < 0.05
    kept = (left[SUMMIT] - np.median(left[far])) / (source[SUMMIT] - np.median(source[far]))
    assert 0.75 < kept < 1.25


def test_what_is_left_is_the_pair_less_what_was_removed() -> None:
    made = window(5.0)
    phase = made.phase.copy()
    phase[40:60, 300:340] = 0
    found = _corrected(dataclasses.replace(made, phase=phase))
    assert found.is_changed
    assert np.array_equal(found.phase == 0, phase == 0)
    turned = decode_phase(phase) - found.removed_rad - decode_phase(found.phase)
    error = np.angle(np.exp(1j * turned[phase != 0]))
    assert np.abs(error).max() < 0.51 * PHASE_SCALE_RAD


def test_a_ramp_takes_no_part() -> None:
    across = np.linspace(-9, 9, 500)[None, :] + np.linspace(0, 12, 500)[:, None]
    assert not _corrected(window(extra_rad=across)).is_changed
    found = _corrected(window(3.0, extra_rad=across))
    assert found.fits[0].factor == pytest.approx(3.0, abs=0.4)


def test_holes_and_sea_are_no_data_and_make_no_step() -> None:
    made = window(5.0, noise_rad=0.2, turbulence_rad=0.3)
    heights = made.heights_m.copy()
    heights[:, :150] = 0
    heights[300:330, 300:330] = np.nan
    found = _corrected(dataclasses.replace(made, heights_m=heights))
    assert found.fits[0].factor == pytest.approx(5.0, abs=0.3)
    steps = np.abs(np.diff(found.removed_rad, axis=1))
    beside = np.zeros(heights.shape, dtype=np.bool_)
    beside[:, 149:150] = True
    beside[300:330, [299, 329]] = True
    assert steps[beside[:, :-1]].max() <= steps[:, 160:290].max()
    assert np.all((found.phase == 0) == (made.phase == 0))


def test_relief_that_is_all_there_is_is_explained_nearly_whole() -> None:
    found = _corrected(window(8.0, noise_rad=0.0, turbulence_rad=0.0))
    assert found.share_explained > 0.98
    assert found.agreement_after > 0.99


def test_noise_alone_is_left_alone() -> None:
    generator = np.random.default_rng(1)
    phase = generator.integers(1, 256, (500, 500)).astype(np.uint8)
    found = remove_air(phase, COHERENT, [heights_field(hills())])
    assert found.fits[0].outcome is FitOutcome.NOT_SIGNIFICANT
    assert np.array_equal(found.phase, phase)


def test_without_coherent_ground_nothing_is_told() -> None:
    made = window(5.0)
    found = _corrected(dataclasses.replace(made, coherence=np.full_like(COHERENT, 90)))
    assert found.fits[0].outcome is FitOutcome.TOO_LITTLE_DATA
    assert np.isnan(found.fits[0].factor)
    assert np.isnan(found.agreement_before)
    assert found.share_explained == 0
    assert np.array_equal(found.phase, made.phase)


@pytest.mark.parametrize(
    ("heights", "outcome"),
    [
        (np.full((500, 500), 700.0), FitOutcome.FLAT),
        (np.full((500, 500), np.nan), FitOutcome.TOO_LITTLE_DATA),
        (np.zeros((500, 500)), FitOutcome.TOO_LITTLE_DATA),
    ],
)
def test_heights_that_say_nothing(heights: NDArray[np.float64], outcome: FitOutcome) -> None:
    made = window(5.0)
    found = remove_air(made.phase, made.coherence, [heights_field(heights)])
    assert found.fits[0].outcome is outcome
    assert np.array_equal(found.phase, made.phase)


def test_another_grid_and_other_types_are_refused() -> None:
    made = window()
    field = heights_field(made.heights_m)
    small = heights_field(made.heights_m[1:])
    with pytest.raises(BadInputError, match=r"heights has shape \(499, 500\).*different grids"):
        remove_air(made.phase, made.coherence, [small])
    with pytest.raises(BadInputError, match="coherence has shape"):
        remove_air(made.phase, made.coherence[1:], [field])
    with pytest.raises(BadInputError, match="phase: float32 of shape"):
        remove_air(decode_phase(made.phase), made.coherence, [field])  # type: ignore[arg-type]
    with pytest.raises(BadInputError, match=r"fields of air are \[\]"):
        remove_air(made.phase, made.coherence, [])
    with pytest.raises(BadInputError, match="each once"):
        remove_air(made.phase, made.coherence, [field, field])


def test_heights_and_delays_are_fitted_beside_each_other() -> None:
    rows, columns = np.mgrid[:500, :500]
    model = 6 * np.sin(rows / 40) * np.cos(columns / 55)
    delays = delay_field("gacos", np.full((500, 500), 700.0), 700.0 + model)
    made = window(4.0, extra_rad=0.7 * model)
    found = remove_air(made.phase, made.coherence, [heights_field(made.heights_m), delays])
    heights, gacos = found.fits
    assert (heights.field, gacos.field) == ("heights", "gacos")
    assert heights.factor == pytest.approx(4.0, abs=0.4)
    assert gacos.factor == pytest.approx(0.7, abs=0.1)
    assert gacos.unit == "1"
    alone = _corrected(made)
    assert found.agreement_after > alone.agreement_after + 0.01


def test_a_field_that_is_not_there_does_not_stop_the_others() -> None:
    made = window(4.0)
    nowhere = delay_field("gacos", np.zeros((500, 500)), np.zeros((500, 500)))
    found = remove_air(made.phase, made.coherence, [nowhere, heights_field(made.heights_m)])
    assert [fit.outcome for fit in found.fits] == [FitOutcome.TOO_LITTLE_DATA, FitOutcome.REMOVED]
    assert np.array_equal(found.phase, _corrected(made).phase)


def test_the_fit_is_that_of_its_words() -> None:
    side = 96
    heights = hills()[190 : 190 + side, 190 : 190 + side] / 1_000
    rows, columns = np.mgrid[:side, :side]
    source = 9 * np.exp(-((rows - 25) ** 2 + (columns - 70) ** 2) / 130)
    noise = np.random.default_rng(4).normal(0, 0.5, (side, side))
    codes = encode_phase(3.0 * heights + source + noise)
    phase = decode_phase(codes)
    usable = np.ones((side, side), dtype=np.bool_)
    usable[60:80, :30] = False
    field = AirField("heights", heights.astype(np.float32), usable, "rad/km", 8.0)
    products = lag_products(phasor(phase), usable)
    found = fit_factor(products, products.steps(field.values), field.reach)
    assert found is not None
    slow = slow_products(phase, usable, field.values)
    assert len(slow) == products.lag.size
    expected = slow_factors(slow, np.linspace(-8, 8, 33))
    factors = (found.without_contrary.factor, found.without_telling.factor)
    assert factors == pytest.approx(expected, abs=0.3)  # the slow one steps by 0.5


def test_a_window_takes_less_than_a_tenth_of_a_second() -> None:
    made = window(5.0)
    field = heights_field(made.heights_m)
    took = []
    for _ in range(5):
        begun = time.process_time()
        remove_air(made.phase, made.coherence, [field])
        took.append(time.process_time() - begun)
    assert min(took) < 0.1
