"""Models on disk: round trip, damage, names."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st

from fringewatch.errors import BadInputError, HomeError, ModelError
from insar_models.detectors.linear import LinearDetector
from insar_models.detectors.registry import (
    DEFAULT_MODEL,
    SHIPPED_MODELS,
    check_model_name,
    find_model,
    load_model,
    read_card,
    save_model,
)
from tests.insar_models.fringes import closed_fringes
from tests.insar_models.linear_models import divergence_detector

RECORD: dict[str, object] = {"data": {"learned_from": 3}, "note": "Þorbjörn"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a model in it."""
    save_model(tmp_path / "by-divergence", divergence_detector(), RECORD)
    return tmp_path / "by-divergence"


def alter_card(folder: Path, **changes: Any) -> None:
    path = folder / "card.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def replace_weights(folder: Path, **changes: Any) -> None:
    """Put other tensors in place, with a card that agrees with them."""
    tensors = safetensors.numpy.load((folder / "weights.safetensors").read_bytes()) | changes
    content = safetensors.numpy.save({k: v for k, v in tensors.items() if v is not None})
    (folder / "weights.safetensors").write_bytes(content)
    alter_card(folder, sha256=hashlib.sha256(content).hexdigest())


class TestRoundTrip:
    def test_what_is_saved_is_loaded(self, folder: Path) -> None:
        model, original = load_model(folder), divergence_detector()
        patch = closed_fringes()[np.newaxis]
        assert isinstance(model, LinearDetector)
        assert replace(model, sha256="", weights=original.weights) == original
        np.testing.assert_array_equal(model.logits(patch), original.logits(patch))

    def test_the_record_stands_in_the_card(self, folder: Path) -> None:
        card = read_card(folder)
        assert card["note"] == "Þorbjörn"
        assert card["data"] == {"learned_from": 3}

    def test_the_hash_is_that_of_the_file(self, folder: Path) -> None:
        content = (folder / "weights.safetensors").read_bytes()
        assert load_model(folder).sha256 == hashlib.sha256(content).hexdigest()

    def test_the_same_model_gives_the_same_bytes(self, folder: Path, tmp_path: Path) -> None:
        save_model(tmp_path / "again", divergence_detector(), RECORD)
        for name in ("weights.safetensors", "card.json"):
            assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes()

    def test_saving_replaces_and_leaves_nothing_else_behind(self, folder: Path) -> None:
        save_model(folder, replace(divergence_detector(), threshold=0.75), {})
        assert load_model(folder).threshold == 0.75
        assert sorted(path.name for path in folder.iterdir()) == [
            "card.json",
            "weights.safetensors",
        ]


class TestSaving:
    def test_a_record_must_not_use_the_cards_keys(self, tmp_path: Path) -> None:
        with pytest.raises(BadInputError, match="sha256, threshold"):
            save_model(tmp_path / "m", divergence_detector(), {"threshold": 1, "sha256": "x"})
        assert not (tmp_path / "m").exists()

    def test_a_folder_that_cannot_be_made(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(HomeError, match="file stands where a folder is needed"):
            save_model(tmp_path / "file" / "m", divergence_detector(), {})

    def test_a_crash_between_the_files_is_noticed(self, folder: Path) -> None:
        old_card = (folder / "card.json").read_bytes()
        weights = divergence_detector().weights
        other = replace(weights, intercept=9.0)
        save_model(folder, replace(divergence_detector(), weights=other), RECORD)
        (folder / "card.json").write_bytes(old_card)
        with pytest.raises(ModelError, match="not those of their card"):
            load_model(folder)


class TestDamage:
    @pytest.mark.parametrize("name", ["card.json", "weights.safetensors"])
    def test_missing_file(self, folder: Path, name: str) -> None:
        (folder / name).unlink()
        with pytest.raises(ModelError, match=f"{name}.*cannot be read"):
            load_model(folder)

    @pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b'{"format": 1', b"nonsense"])
    def test_card_that_is_no_json(self, folder: Path, content: bytes) -> None:
        (folder / "card.json").write_bytes(content)
        with pytest.raises(ModelError, match="no JSON"):
            load_model(folder)

    @pytest.mark.parametrize("content", ["[]", "1", "{}", '{"format": 2}', '{"format": "1"}'])
    def test_card_of_another_format(self, folder: Path, content: str) -> None:
        (folder / "card.json").write_text(content)
        with pytest.raises(ModelError, match=r"format .* reads 1: update"):
            load_model(folder)

    @pytest.mark.parametrize("length", [0, 5, 200, -1])
    def test_cut_weights(self, folder: Path, length: int) -> None:
        path = folder / "weights.safetensors"
        path.write_bytes(path.read_bytes()[:length])
        with pytest.raises(ModelError, match=r"weights\.safetensors.*cut or altered"):
            load_model(folder)

    def test_one_flipped_bit(self, folder: Path) -> None:
        path = folder / "weights.safetensors"
        content = bytearray(path.read_bytes())
        content[-3] ^= 1
        path.write_bytes(content)
        with pytest.raises(ModelError, match="cut or altered"):
            load_model(folder)

    def test_weights_that_are_no_safetensors_but_match_their_card(self, folder: Path) -> None:
        (folder / "weights.safetensors").write_bytes(b"\x80\x04pickle")
        alter_card(folder, sha256=hashlib.sha256(b"\x80\x04pickle").hexdigest())
        with pytest.raises(ModelError, match="no safetensors file"):
            load_model(folder)

    @pytest.mark.parametrize("architecture", ["resnet-900", None, ["linear"]])
    def test_unknown_architecture(self, folder: Path, architecture: object) -> None:
        alter_card(folder, architecture=architecture)
        with pytest.raises(ModelError, match=r"unknown architecture.*linear-on-phase-features"):
            load_model(folder)

    @pytest.mark.parametrize("key", ["threshold", "clip_deviations"])
    @pytest.mark.parametrize("value", [None, "1", True, float("nan"), float("inf")])
    def test_card_entry_that_is_no_number(self, folder: Path, key: str, value: object) -> None:
        alter_card(folder, **{key: value})
        with pytest.raises(ModelError, match=f"card.json: {key} is .*finite number"):
            load_model(folder)

    @pytest.mark.parametrize("calibration", [None, [], {}, {"slope": 1.0, "offset": 0.0}])
    def test_incomplete_calibration(self, folder: Path, calibration: object) -> None:
        alter_card(folder, calibration=calibration)
        with pytest.raises(ModelError, match="finite number"):
            load_model(folder)

    @pytest.mark.parametrize(("slope", "prior"), [(0.0, 0.1), (-1.0, 0.1), (1.0, 0.0), (1.0, 1.0)])
    def test_impossible_calibration(self, folder: Path, slope: float, prior: float) -> None:
        alter_card(folder, calibration={"slope": slope, "offset": 0.0, "prior": prior})
        with pytest.raises(ModelError, match="slope above 0"):
            load_model(folder)

    def test_other_features(self, folder: Path) -> None:
        alter_card(folder, features=read_card(folder)["features"][::-1])
        with pytest.raises(ModelError, match="other features"):
            load_model(folder)

    @pytest.mark.parametrize(
        "tensor",
        [None, np.zeros(46), np.zeros((47, 1)), np.zeros(47, dtype=np.float32)],
        ids=["missing", "short", "matrix", "float32"],
    )
    @pytest.mark.parametrize("name", ["mean", "coefficients"])
    def test_tensor_of_another_shape(self, folder: Path, name: str, tensor: object) -> None:
        replace_weights(folder, **{name: tensor})
        with pytest.raises(ModelError, match=rf"'{name}' is .*expected float64 of shape \(47,\)"):
            load_model(folder)

    @pytest.mark.parametrize("value", [np.nan, np.inf])
    def test_tensor_that_is_not_finite(self, folder: Path, value: float) -> None:
        replace_weights(folder, intercept=np.array([value]))
        with pytest.raises(ModelError, match="not finite"):
            load_model(folder)

    @pytest.mark.parametrize("value", [0.0, -1.0])
    def test_scale_that_is_not_positive(self, folder: Path, value: float) -> None:
        replace_weights(folder, scale=np.full(47, value))
        with pytest.raises(ModelError, match="0 or less"):
            load_model(folder)


class TestFinding:
    def test_ones_own_model_comes_first(self, tmp_path: Path) -> None:
        own = replace(divergence_detector(DEFAULT_MODEL), threshold=123.0)
        save_model(tmp_path / DEFAULT_MODEL, own, {})
        assert find_model(DEFAULT_MODEL, tmp_path).threshold == 123.0

    @pytest.mark.parametrize("exists", [True, False])
    def test_else_the_shipped_one(self, tmp_path: Path, exists: bool) -> None:
        models = tmp_path if exists else tmp_path / "nowhere"
        shipped = load_model(SHIPPED_MODELS / DEFAULT_MODEL)
        assert find_model(DEFAULT_MODEL, models).sha256 == shipped.sha256
        assert find_model(DEFAULT_MODEL, None).sha256 == shipped.sha256

    def test_ones_own_damaged_model_is_never_passed_over(self, tmp_path: Path) -> None:
        (tmp_path / DEFAULT_MODEL).mkdir()
        with pytest.raises(ModelError, match="cannot be read"):
            find_model(DEFAULT_MODEL, tmp_path)

    def test_unknown_name_lists_the_known(self, folder: Path) -> None:
        with pytest.raises(
            ModelError, match=r"no model 'other'; known: baseline-0.*, by-divergence"
        ):
            find_model("other", folder.parent)

    def test_a_folder_of_another_name(self, folder: Path) -> None:
        folder.rename(folder.with_name("renamed"))
        with pytest.raises(ModelError, match="holds the model 'by-divergence'"):
            find_model("renamed", folder.parent)

    @pytest.mark.parametrize(
        "name",
        ["", ".", "..", "../baseline-0", "a/b", "/etc", "a\\b", "A", "-x", ".x", "x" * 65, "a\n"],
    )
    def test_names_that_are_paths_or_worse(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(ModelError, match="not a model's name"):
            find_model(name, tmp_path)
        with pytest.raises(ModelError, match="not a model's name"):
            save_model(tmp_path / "m", replace(divergence_detector(), name=name), {})

    @given(st.text(max_size=70))
    def test_a_name_is_refused_or_stays_inside_its_folder(self, name: str) -> None:
        models = Path("/models")
        try:
            check_model_name(name)
        except ModelError:
            return
        assert (models / name).resolve().parent == models.resolve()
