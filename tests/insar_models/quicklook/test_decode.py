"""Pictures painted from known phase come back as that phase."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from fringewatch.errors import BadInputError, ImageError
from insar_models.quicklook import PictureFamily, decode_picture
from tests.insar_models.quicklook.pictures import (
    bullseye,
    paint_grey,
    paint_hue,
    paint_palette,
    phase_error,
    ramp,
)

ramps = st.builds(
    ramp,
    offset=st.floats(-3.0, 3.0),
    row_rate=st.floats(0.02, 0.3),
    column_rate=st.floats(-0.3, 0.3),
)
opacity = st.integers(0, 255)


class TestRoundTrip:
    @given(phase=ramps)
    @settings(max_examples=50, deadline=None)
    def test_grey_is_exact_to_half_a_level(self, phase: NDArray[np.float32]) -> None:
        decoded = decode_picture(paint_grey(phase))

        assert decoded.family is PictureFamily.GREY
        assert phase_error(decoded.phase_rad, phase).max() <= np.pi / 255.0 + 1e-4

    @given(phase=ramps)
    @settings(max_examples=30, deadline=None)
    def test_posterised_palette_costs_about_a_tenth_of_a_radian(
        self, phase: NDArray[np.float32]
    ) -> None:
        decoded = decode_picture(paint_palette(phase))

        error = phase_error(decoded.phase_rad, phase)
        assert decoded.family is PictureFamily.LICSAR_PALETTE
        assert np.sqrt((error**2).mean()) < 0.13
        assert error.max() < 0.3

    @given(phase=ramps)
    @settings(max_examples=20, deadline=None)
    def test_smooth_palette_is_nearly_exact(self, phase: NDArray[np.float32]) -> None:
        decoded = decode_picture(paint_palette(phase, posterised=False))

        assert decoded.family is PictureFamily.LICSAR_PALETTE
        assert phase_error(decoded.phase_rad, phase).max() < 0.03

    @given(phase=ramps, amplitude=st.floats(100.0, 200.0))
    @settings(max_examples=30, deadline=None)
    def test_hue_is_nearly_exact_whatever_the_amplitude(
        self, phase: NDArray[np.float32], amplitude: float
    ) -> None:
        decoded = decode_picture(paint_hue(phase, amplitude))

        assert decoded.family is PictureFamily.HUE_AMPLITUDE
        assert phase_error(decoded.phase_rad, phase).max() < 0.08

    @pytest.mark.parametrize("paint", [paint_grey, paint_palette, paint_hue])
    def test_shape_and_type(self, paint: object) -> None:
        assert callable(paint)
        decoded = decode_picture(paint(ramp()[:50, :40]))

        assert decoded.phase_rad.shape == (50, 40)
        assert decoded.phase_rad.dtype == np.float32

    def test_three_equal_channels_are_grey(self) -> None:
        grey = paint_grey(ramp())

        decoded = decode_picture(np.stack([grey] * 3, axis=-1))

        assert decoded.family is PictureFamily.GREY
        np.testing.assert_array_equal(decoded.phase_rad, decode_picture(grey).phase_rad)


class TestNoData:
    @given(alpha=opacity)
    @settings(max_examples=20, deadline=None)
    def test_transparent_pixels_are_no_data(self, alpha: int) -> None:
        colours = paint_palette(ramp())
        opacities = np.full((*colours.shape[:2], 1), 255, dtype=np.uint8)
        opacities[:10] = alpha

        phase = decode_picture(np.concatenate([colours, opacities], axis=-1)).phase_rad

        assert np.isnan(phase[:10]).all() == (alpha < 128)
        assert np.isfinite(phase[10:]).all()

    def test_white_of_a_picture_with_transparency_is_phase(self) -> None:
        colours = paint_palette(np.full((40, 40), -0.48))
        colours[:20] = paint_palette(ramp(40))[:20]
        opacities = np.full((40, 40, 1), 255, dtype=np.uint8)
        opacities[0, 0] = 0

        phase = decode_picture(np.concatenate([colours, opacities], axis=-1)).phase_rad

        assert phase_error(phase[25:], np.full((15, 40), -0.48)).max() < 0.1

    def test_white_corner_of_a_flattened_palette_picture_is_no_data(self) -> None:
        colours = paint_palette(bullseye())
        colours[:60, :90] = 255

        phase = decode_picture(colours).phase_rad

        assert np.isnan(phase[:60, :90]).all()
        assert np.isfinite(phase[70:]).all()

    def test_broad_white_fringe_of_a_palette_picture_is_phase(self) -> None:
        slow = ramp(224, offset=-1.2, row_rate=0.01, column_rate=0.0)

        phase = decode_picture(paint_palette(slow)).phase_rad

        white = np.abs(slow + 0.48) < 0.1
        assert white.any()
        assert np.isfinite(phase[white]).all()

    @pytest.mark.parametrize("level", [0, 128])
    def test_flat_patch_of_grey_is_no_data(self, level: int) -> None:
        grey = paint_grey(bullseye())
        grey[50:80, 50:80] = level

        phase = decode_picture(grey).phase_rad

        assert np.isnan(phase[50:80, 50:80]).all()
        assert np.isnan(phase).sum() <= 910

    def test_lone_black_pixels_of_grey_are_phase(self) -> None:
        grey = paint_grey(ramp())
        assert (grey == 0).any()

        assert np.isfinite(decode_picture(grey).phase_rad).all()

    def test_black_and_grey_of_a_hue_picture_are_no_data(self) -> None:
        colours = paint_hue(bullseye())
        colours[:40] = 0
        colours[40:60] = 51

        phase = decode_picture(colours).phase_rad

        assert np.isnan(phase[:60]).all()
        assert np.isfinite(phase[60:]).all()

    def test_lake_painted_in_the_colour_of_zero_is_no_data_in_a_hue_picture(self) -> None:
        phase_rad = bullseye()
        phase_rad[100:125, 100:125] = 0.0

        phase = decode_picture(paint_hue(phase_rad)).phase_rad

        assert np.isnan(phase[100:125, 100:125]).all()

    def test_colours_off_the_palette_are_no_data(self) -> None:
        colours = paint_palette(ramp())
        colours[3, 5] = (0, 0, 65)
        colours[7, 9] = (0, 255, 0)

        phase = decode_picture(colours).phase_rad

        assert np.isnan(phase[[3, 7], [5, 9]]).all()
        assert np.isnan(phase).sum() == 2


class TestIncoherence:
    @staticmethod
    def shrunk(paint: object, noise_rad: float) -> NDArray[np.float32]:
        """Decoded phase of a picture of a flat phase with noise, made three times smaller."""
        assert callable(paint)
        noise = np.random.default_rng(3).normal(0.0, noise_rad, (192, 192))
        noise[:96] *= 0.1
        fine = paint(np.angle(np.exp(1j * (1.0 + noise)))).astype(np.float64)
        colours = fine.reshape(64, 3, 64, 3, 3).mean(axis=(1, 3))
        return decode_picture(np.rint(colours).astype(np.uint8)).phase_rad

    @pytest.mark.parametrize("paint", [paint_palette, paint_hue])
    def test_mean_colours_of_noise_are_no_data(self, paint: object) -> None:
        phase = self.shrunk(paint, noise_rad=6.0)

        assert np.isnan(phase[32:]).mean() > 0.8
        assert np.isfinite(phase[:32]).mean() > 0.99

    @pytest.mark.parametrize("paint", [paint_palette, paint_hue])
    def test_mean_colours_of_a_little_noise_keep_the_phase(self, paint: object) -> None:
        phase = self.shrunk(paint, noise_rad=0.6)

        error = phase_error(phase, np.full(phase.shape, 1.0))
        assert np.isnan(phase).mean() < 0.02
        assert np.nanmedian(error) < 0.25

    def test_a_limit_of_zero_keeps_every_painted_pixel(self) -> None:
        rng = np.random.default_rng(3)
        noise = paint_hue(rng.uniform(-np.pi, np.pi, (192, 192)), 160.0).astype(np.float64)
        colours = paint_hue(ramp(), 160.0)
        colours[:32] = np.rint(noise.reshape(64, 3, 64, 3, 3).mean(axis=(1, 3)))[:32]

        assert np.isfinite(decode_picture(colours, minimum_coherence=0.0).phase_rad).mean() > 0.99
        assert np.isfinite(decode_picture(colours).phase_rad).mean() < 0.8


class TestBadInput:
    @pytest.mark.parametrize(
        "pixels",
        [
            np.zeros((8, 8, 2), dtype=np.uint8),
            np.zeros((8,), dtype=np.uint8),
            np.zeros((0, 8, 3), dtype=np.uint8),
            np.zeros((8, 8), dtype=np.float32),
            np.zeros((8, 8, 3), dtype=np.uint16),
        ],
    )
    def test_other_arrays_are_refused(self, pixels: NDArray[np.uint8]) -> None:
        with pytest.raises(ImageError, match="expected uint8 of shape"):
            decode_picture(pixels)

    @pytest.mark.parametrize("limit", [-0.1, 1.1, float("nan")])
    def test_other_limits_are_refused(self, limit: float) -> None:
        with pytest.raises(BadInputError, match="expected a number from 0 to 1"):
            decode_picture(paint_grey(ramp()), minimum_coherence=limit)

    @given(
        pixels=st.tuples(st.integers(1, 12), st.integers(1, 12), st.integers(0, 2**32)).map(
            lambda seen: np.random.default_rng(seen[2]).integers(
                0, 256, (seen[0], seen[1], 4), dtype=np.uint8
            )
        )
    )
    @settings(max_examples=50, deadline=None)
    def test_any_small_picture_is_decoded_or_refused(self, pixels: NDArray[np.uint8]) -> None:
        try:
            phase = decode_picture(pixels).phase_rad
        except ImageError:
            return
        assert phase.shape == pixels.shape[:2]
        assert np.isnan(phase[pixels[..., 3] < 128]).all()
