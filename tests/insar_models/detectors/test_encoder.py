"""The detector of an encoder and a probe: scores, maps, precision."""

import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import torch

from fringewatch.errors import BadInputError
from insar_models.detectors.encoder import EncoderDetector, in_half_precision
from insar_models.detectors.protocol import Detector
from insar_models.encoders.features import BATCH, features_of
from insar_models.encoders.spec import EncoderSpec
from insar_models.phase.codes import decode_phase
from tests.insar_models.encoder_detectors import (
    chance_probe,
    random_codes,
    seasoned_encoder,
    small_detector,
)

DETECTOR = small_detector()
COMPACT = EncoderSpec("compact", width=0.25, size=64)


class TestLogits:
    def test_they_are_those_of_the_probe_on_the_features(self) -> None:
        codes = random_codes(3)
        features = features_of(DETECTOR.encoder, codes).astype(np.float64)
        np.testing.assert_allclose(
            DETECTOR.logits_of_codes(codes), DETECTOR.probe.logits(features), atol=1e-5
        )

    def test_phase_gives_what_its_bytes_give(self) -> None:
        codes = random_codes(3)
        detector: Detector = DETECTOR
        logits = detector.logits(decode_phase(codes))
        assert (logits.dtype, logits.shape) == (np.dtype(np.float64), (3,))
        np.testing.assert_array_equal(logits, DETECTOR.logits_of_codes(codes))

    def test_an_exact_zero_is_a_phase(self) -> None:
        zero, tiny = (np.full((1, 64, 64), x, np.float32) for x in (0.0, 1e-5))
        np.testing.assert_array_equal(DETECTOR.logits(zero), DETECTOR.logits(tiny))

    def test_phase_beyond_pi_is_wrapped(self) -> None:
        phase = decode_phase(random_codes(2))
        np.testing.assert_allclose(
            DETECTOR.logits(phase + np.float32(2 * np.pi)), DETECTOR.logits(phase), atol=0.02
        )

    def test_too_little_data_cannot_be_judged(self) -> None:
        codes = random_codes(4)
        codes[1] = 0
        codes[2, 6:] = 0  # 6 of 64 rows: 0.094
        codes[3, :, 7:] = 0
        codes[3, :, :7] = 9  # 0.109
        logits = DETECTOR.logits_of_codes(codes)
        assert np.isnan(logits).tolist() == [False, True, True, False]
        assert np.isnan(DETECTOR.probabilities(logits)).tolist() == np.isnan(logits).tolist()

    def test_more_patches_than_a_batch(self) -> None:
        codes = np.concatenate([random_codes(5, side=32)] * 8)
        assert len(codes) > BATCH
        logits = DETECTOR.logits_of_codes(codes)
        np.testing.assert_allclose(logits, np.tile(logits[:5], 8), atol=1e-5)

    def test_no_patches_at_all(self) -> None:
        assert DETECTOR.logits(np.empty((0, 64, 64), np.float32)).shape == (0,)

    @pytest.mark.parametrize("shape", [(2, 40, 40), (2, 64, 32), (2, 16, 16)])
    def test_sizes_that_cannot_be_seen(self, shape: tuple[int, ...]) -> None:
        with pytest.raises(BadInputError, match="cannot be reduced to 32 x 32"):
            DETECTOR.logits(np.ones(shape, np.float32))

    def test_what_are_no_patches(self) -> None:
        with pytest.raises(BadInputError, match="are no patches"):
            DETECTOR.logits(np.ones((64, 64), np.float32))

    def test_threads_give_the_same_and_the_encoder_stays_as_it_is(self) -> None:
        detector, codes = small_detector(), random_codes(6)
        before = {k: v.clone() for k, v in detector.encoder.state_dict().items()}
        with ThreadPoolExecutor(4) as threads:
            found = list(threads.map(lambda _: detector.logits_of_codes(codes), range(8)))
        for logits in found:
            np.testing.assert_array_equal(logits, found[0])
        after = detector.encoder.state_dict()
        assert all(torch.equal(before[name], after[name]) for name in before)

    def test_a_pickled_one_is_the_same(self) -> None:
        again = pickle.loads(pickle.dumps(DETECTOR))  # noqa: S301 - our own, as Dask does
        codes = random_codes(2)
        np.testing.assert_array_equal(again.logits_of_codes(codes), DETECTOR.logits_of_codes(codes))


class TestActivation:
    @pytest.mark.parametrize("spec", [DETECTOR.encoder.spec, COMPACT], ids=["resnet18", "compact"])
    def test_the_mean_of_the_map_and_the_bias_are_the_logit(self, spec: EncoderSpec) -> None:
        detector = small_detector(spec)
        for patch in decode_phase(random_codes(3)):
            raw = detector.raw_activation(patch)
            logit = detector.logits(patch[np.newaxis])[0]
            assert raw.mean() + detector.bias == pytest.approx(logit, abs=1e-4)
            assert raw.std() > 1e-3 or raw.size == 1

    def test_it_has_the_patchs_shape_and_its_no_data(self) -> None:
        patch = decode_phase(random_codes(1))[0]
        activation = small_detector(COMPACT).activation(patch)
        assert (activation.dtype, activation.shape) == (np.dtype(np.float32), patch.shape)
        np.testing.assert_array_equal(np.isnan(activation), np.isnan(patch))
        assert np.nanmin(activation) >= 0.0

    def test_it_is_the_map_above_the_threshold(self) -> None:
        patch = np.full((64, 64), 1.0, np.float32)
        detector = small_detector(COMPACT)
        raw = detector.raw_activation(patch) + detector.bias
        above = replace(detector, threshold=float(raw.min()) - 1.0).activation(patch)
        assert 1.0 <= above.min() < above.max() <= raw.max() - raw.min() + 1.0 + 1e-4
        further = replace(detector, threshold=float(raw.min()) - 3.0).activation(patch)
        np.testing.assert_allclose(further - above, 2.0, atol=1e-4)
        below = replace(detector, threshold=float(raw.max()) + 1.0).activation(patch)
        assert (below == 0.0).all()

    def test_a_patch_that_counts_is_above_zero_somewhere(self) -> None:
        patch = decode_phase(random_codes(1))[0]
        logit = DETECTOR.logits(patch[np.newaxis])[0]
        assert np.nanmax(replace(DETECTOR, threshold=logit - 0.01).activation(patch)) > 0

    def test_it_looks_where_the_features_are(self) -> None:
        detector = small_detector(EncoderSpec("compact", width=0.25, size=224))
        patch = np.zeros((224, 224), np.float32)
        changed = patch.copy()
        changed[150:, 150:] = np.random.default_rng(1).uniform(-3, 3, (74, 74))
        change = np.abs(detector.raw_activation(changed) - detector.raw_activation(patch))
        side = len(change)
        assert (
            change[: side // 3, : side // 3].max() < 0.1 * change[-side // 3 :, -side // 3 :].max()
        )


class TestMaking:
    def test_a_probe_of_another_encoder(self) -> None:
        with pytest.raises(BadInputError, match="does not fit an encoder"):
            replace(DETECTOR, probe=chance_probe(7))

    def test_a_probe_that_cuts_deviations(self) -> None:
        with pytest.raises(BadInputError, match="no exact"):
            replace(DETECTOR, probe=replace(DETECTOR.probe, clip_deviations=3.0))

    def test_a_device_that_is_none(self) -> None:
        with pytest.raises(BadInputError, match="cannot be used"):
            replace(DETECTOR, device="cuda:99").logits_of_codes(random_codes(1))


class TestHalfPrecision:
    def test_filters_are_rounded_and_norms_are_not(self) -> None:
        encoder = seasoned_encoder()
        rounded = in_half_precision(encoder).state_dict()
        for name, tensor in encoder.state_dict().items():
            expected = tensor.half().float() if tensor.ndim > 1 else tensor
            assert torch.equal(rounded[name], expected), name
        original = encoder.state_dict()["backbone.conv1.weight"]
        assert not torch.equal(rounded["backbone.conv1.weight"], original)


def test_dask_tells_models_apart_by_their_hash() -> None:
    one, other = replace(DETECTOR, sha256="a"), replace(DETECTOR, sha256="b")
    assert one.__dask_tokenize__() != other.__dask_tokenize__()
    assert isinstance(one, EncoderDetector)
