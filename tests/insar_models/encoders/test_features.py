"""Features of an encoder that scores, from memory, from a file, and kept on disk."""

import logging
from pathlib import Path

import numpy as np
import pytest
import torch

from fringewatch.errors import BadInputError, ModelError
from insar_models.encoders import feature_cache as encoder_feature_cache
from insar_models.encoders.feature_cache import cached_features
from insar_models.encoders.features import features_of
from insar_models.encoders.inputs import codes_to_inputs, phasors_of
from insar_models.encoders.spec import EncoderSpec
from insar_models.patchfile.file import PatchFile
from tests.insar_models.encoder_detectors import random_codes, seasoned_encoder
from tests.insar_models.small_encoders import same_weights
from tests.insar_models.small_patch_file import small_patch_file

ENCODER = seasoned_encoder()
SHA256 = "ab" * 32


@pytest.fixture
def corpus(tmp_path: Path) -> PatchFile:
    return small_patch_file(tmp_path / "tiny.safetensors", 10)


class TestFeatures:
    @pytest.mark.parametrize("inputs", ["phasor", "coherent", "grey"])
    def test_they_are_those_of_the_encoder_that_scores(self, inputs: str) -> None:
        spec = EncoderSpec.parse({**ENCODER.spec.as_dict(), "inputs": inputs})
        encoder, codes = seasoned_encoder(spec), random_codes(5)
        features = features_of(encoder, codes, batch=2)
        seen = codes_to_inputs(phasors_of(torch.from_numpy(codes)), spec)
        with torch.no_grad():
            expected = seasoned_encoder(spec).eval()(seen).numpy()
        assert features.dtype == np.float32
        np.testing.assert_allclose(features, expected, rtol=1e-4, atol=1e-4)

    def test_other_patches_of_the_batch_make_no_difference(self) -> None:
        codes = random_codes(6)
        alone = features_of(ENCODER, codes[4:5])
        np.testing.assert_allclose(features_of(ENCODER, codes)[4:5], alone, rtol=1e-4, atol=1e-5)

    def test_the_encoder_is_left_as_it_is(self) -> None:
        encoder = seasoned_encoder()
        features_of(encoder, random_codes(2))
        assert encoder.training
        assert same_weights(encoder, seasoned_encoder())
        assert all(parameter.requires_grad for parameter in encoder.parameters())

    def test_rows_of_a_file_are_those_of_memory(self, corpus: PatchFile) -> None:
        rows = np.array([7, 2, 2, 9])
        expected = features_of(ENCODER, np.array(corpus.phase)[rows])
        np.testing.assert_allclose(
            features_of(ENCODER, corpus, rows, batch=3), expected, rtol=1e-4, atol=1e-5
        )

    def test_all_rows_by_default_and_none_if_none_is_wanted(self, corpus: PatchFile) -> None:
        assert features_of(ENCODER, corpus).shape == (10, ENCODER.dimension)
        none = features_of(ENCODER, corpus, np.empty(0, dtype=np.int64))
        assert none.shape == (0, ENCODER.dimension)

    @pytest.mark.parametrize("row", [-1, 10])
    def test_rows_that_are_not_there(self, corpus: PatchFile, row: int) -> None:
        with pytest.raises(BadInputError, match="rows are 0 to 9"):
            features_of(ENCODER, corpus, np.array([0, row]))

    def test_patches_of_a_size_that_cannot_be_seen(self) -> None:
        with pytest.raises(BadInputError, match="cannot be reduced to 32 x 32"):
            features_of(ENCODER, random_codes(2, side=40))
        with pytest.raises(BadInputError, match="no batch of phase bytes"):
            features_of(ENCODER, random_codes(2)[0])

    def test_what_is_no_phase_byte(self) -> None:
        with pytest.raises(BadInputError, match="float32 are no phase bytes"):
            features_of(ENCODER, random_codes(1).astype(np.float32))

    @pytest.mark.parametrize("device", ["cuda:99", "toaster", "meta:0:1"])
    def test_a_device_that_is_none(self, device: str) -> None:
        with pytest.raises(BadInputError, match="cannot be used"):
            features_of(ENCODER, random_codes(1), device=device)

    def test_an_encoder_that_has_run_away(self) -> None:
        encoder = seasoned_encoder()
        with torch.no_grad():
            next(encoder.parameters()).fill_(torch.inf)
        with pytest.raises(ModelError, match="not finite"):
            features_of(encoder, random_codes(1))


class TestKept:
    ROWS = np.arange(1, 9)

    @pytest.fixture
    def folder(self, tmp_path: Path, corpus: PatchFile) -> Path:
        """A folder with the features of `ROWS`."""
        cached_features(ENCODER, SHA256, corpus, self.ROWS, tmp_path / "kept")
        return tmp_path / "kept"

    def again(
        self, corpus: PatchFile, folder: Path, monkeypatch: pytest.MonkeyPatch, sha: str = SHA256
    ) -> int:
        """Ask again; return for how many patches features were computed."""
        computed = []

        def counted(encoder: object, file: object, rows: np.ndarray, device: str) -> np.ndarray:
            computed.append(len(rows))
            return features_of(ENCODER, corpus, rows, device=device)

        monkeypatch.setattr(encoder_feature_cache, "features_of", counted)
        found = cached_features(ENCODER, sha, corpus, self.ROWS, folder)
        np.testing.assert_allclose(found, features_of(ENCODER, corpus, self.ROWS), atol=1e-5)
        return sum(computed)

    def test_they_are_computed_once(
        self, corpus: PatchFile, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert self.again(corpus, folder, monkeypatch) == 4

    def test_another_encoder_has_others(
        self, corpus: PatchFile, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert self.again(corpus, folder, monkeypatch, sha="cd" * 32) == 8
        assert len(list(folder.iterdir())) == 2

    def test_damage_is_seen_and_mended(
        self, corpus: PatchFile, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (file,) = folder.iterdir()
        whole = file.read_bytes()
        for content in (b"", whole[:-9], whole[:-3] + b"\x00\x00\x01", b"\x80\x04pickle"):
            file.write_bytes(content)
            assert self.again(corpus, folder, monkeypatch) == 8
            assert file.read_bytes() == whole

    def test_features_of_other_inputs_are_seen_though_their_hash_is_right(
        self,
        corpus: PatchFile,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        other = seasoned_encoder()
        with torch.no_grad():
            next(other.parameters()).mul_(1.5)
        cached_features(other, SHA256, corpus, self.ROWS, tmp_path / "kept")
        with caplog.at_level(logging.WARNING):
            assert self.again(corpus, tmp_path / "kept", monkeypatch) == 4 + 8
        assert "not those of this encoder" in caplog.text

    def test_a_file_under_the_name_of_another(
        self, corpus: PatchFile, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (own,) = folder.iterdir()
        assert self.again(corpus, folder, monkeypatch, sha="cd" * 32) == 8
        (other,) = set(folder.iterdir()) - {own}
        own.replace(other)
        assert self.again(corpus, folder, monkeypatch, sha="cd" * 32) == 8

    def test_a_folder_that_cannot_be_written(
        self, corpus: PatchFile, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        (tmp_path / "file").write_text("")
        with caplog.at_level(logging.WARNING):
            found = cached_features(ENCODER, SHA256, corpus, self.ROWS, tmp_path / "file")
        assert found.shape == (8, ENCODER.dimension)
        assert "not kept for the next time" in caplog.text
