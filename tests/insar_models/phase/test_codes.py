import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fringewatch.numbers import PHASE_SCALE_RAD
from insar_models.phase.codes import decode_phase, encode_phase, phasor, wrap

phases = hnp.arrays(np.float32, (7,), elements=st.floats(-1000, 1000, width=32, allow_nan=False))


@given(phases)
def test_encoding_loses_at_most_half_a_step(phase: np.ndarray) -> None:
    decoded = decode_phase(encode_phase(phase))
    there = phase != 0
    assert np.array_equal(np.isfinite(decoded), there)
    error = np.angle(np.exp(1j * (decoded[there].astype(float) - phase[there].astype(float))))
    assert np.abs(error).max(initial=0) <= PHASE_SCALE_RAD / 2 + 1e-6
    assert PHASE_SCALE_RAD / 2 < 0.0124


@given(hnp.arrays(np.uint8, (9,)))
def test_decoding_and_encoding_gives_the_same_bytes(codes: np.ndarray) -> None:
    decoded = decode_phase(codes)
    again = encode_phase(decoded)
    # -pi and pi are the same phase: the two outermost bytes may trade places.
    same = (again == codes) | (np.isin(codes, (1, 255)) & np.isin(again, (1, 255)))
    # The middle byte is phase 0 to rounding; an exact 0 would be no data.
    assert same[codes != 128].all()


@pytest.mark.parametrize("value", [0.0, np.nan, np.inf, -np.inf])
def test_no_data_is_exact_zero_or_not_finite(value: float) -> None:
    assert encode_phase(np.array([value, 1.0], dtype=np.float32)).tolist() == [0, 168]


def test_pixels_that_are_not_valid_become_no_data() -> None:
    codes = encode_phase(np.array([1.0, 1.0], dtype=np.float32), np.array([True, False]))
    assert codes.tolist() == [168, 0]


def test_the_ends_of_the_scale() -> None:
    codes = encode_phase(np.array([-math.pi + 1e-4, math.pi - 1e-4, 1e-6]))
    assert codes.tolist() == [1, 255, 128]


@given(phases)
def test_wrapping_changes_the_phase_by_whole_cycles(phase: np.ndarray) -> None:
    wrapped = wrap(phase)
    assert np.abs(wrapped).max() <= math.pi + 1e-6
    cycles = (phase.astype(float) - wrapped) / (2 * math.pi)
    assert np.allclose(cycles, np.rint(cycles), atol=1e-4)


def test_the_phasor_of_no_data_is_zero() -> None:
    values = phasor(np.array([np.nan, math.pi / 2], dtype=np.float32))
    assert values[0] == 0
    assert values[1] == pytest.approx(1j, abs=1e-6)
    assert values.dtype == np.complex64
