"""A detector of an encoder and a probe on disk: round trip, damage, machines without torch."""

import hashlib
import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
import safetensors.torch
import torch

from fringewatch.errors import BadInputError, ModelError
from insar_models.detectors.calibration import Calibration
from insar_models.detectors.encoder import EncoderDetector
from insar_models.detectors.onnx import OnnxDetector
from insar_models.detectors.onnx_export import graph_of, main
from insar_models.detectors.registry import (
    SHIPPED_MODELS,
    find_model,
    load_encoder_detector,
    load_model,
    save_model,
)
from insar_models.detectors.window_score import WindowScore
from insar_models.model_folder import read_card
from tests.insar_models.encoder_detectors import random_codes, small_detector

ROOT = Path(__file__).parents[3]
DETECTOR = small_detector()
CODES = random_codes(3)
WINDOW = WindowScore(0.7, Calibration(0.9, -2.0, 0.02), 0.02, (0.01, 0.03))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_model(tmp_path / "small", DETECTOR, {"note": "Þorbjörn"})
    return tmp_path / "small"


@pytest.fixture(scope="module")
def graph() -> bytes:
    """That of the detector."""
    return graph_of(DETECTOR)


def alter_card(folder: Path, **changes: Any) -> None:
    path = folder / "card.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def replace_weights(folder: Path, **changes: Any) -> None:
    """Put other tensors in place (dots are double underscores), with a card that agrees."""
    found: dict[str, Any] = {
        **safetensors.numpy.load((folder / "weights.safetensors").read_bytes())
    }
    found |= {name.replace("__", "."): tensor for name, tensor in changes.items()}
    content = safetensors.numpy.save({k: v for k, v in found.items() if v is not None})
    seal(folder, content)


def seal(folder: Path, content: bytes) -> None:
    (folder / "weights.safetensors").write_bytes(content)
    alter_card(folder, sha256=hashlib.sha256(content).hexdigest())


class TestRoundTrip:
    @pytest.mark.parametrize("half", [False, True])
    def test_what_is_saved_is_loaded(self, tmp_path: Path, half: bool) -> None:
        detector = replace(DETECTOR, half=half)
        sha256 = save_model(tmp_path / "m", detector, {})
        model = load_model(tmp_path / "m")
        assert isinstance(model, EncoderDetector)
        assert (model.name, model.sha256, model.threshold) == ("small", sha256, 0.25)
        assert (model.calibration, model.half) == (detector.calibration, half)
        np.testing.assert_array_equal(model.logits_of_codes(CODES), detector.logits_of_codes(CODES))

    def test_half_precision_takes_half_of_the_room(self, folder: Path, tmp_path: Path) -> None:
        save_model(tmp_path / "half", replace(DETECTOR, half=True), {})
        whole, half = (
            (path / "weights.safetensors").stat().st_size for path in (folder, tmp_path / "half")
        )
        assert half < 0.6 * whole

    def test_saving_again_gives_the_same_bytes(self, folder: Path, tmp_path: Path) -> None:
        model = load_model(folder)
        assert isinstance(model, EncoderDetector)
        save_model(tmp_path / "again", model, {"note": "Þorbjörn"})
        for name in ("weights.safetensors", "card.json"):
            assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes()

    def test_it_is_found_by_name_and_its_card_says_what_it_is(self, folder: Path) -> None:
        assert find_model("small", folder.parent).threshold == 0.25
        card = read_card(folder)
        assert card["architecture"] == "encoder-and-probe"
        assert card["encoder"] == DETECTOR.encoder.spec.as_dict()
        assert (card["note"], card["half_precision"]) == ("Þorbjörn", False)

    def test_torchs_generator_is_left_alone(self, folder: Path) -> None:
        before = torch.get_rng_state()
        load_model(folder)
        assert torch.equal(torch.get_rng_state(), before)


class TestSaving:
    def test_numbers_that_are_not_finite(self, tmp_path: Path) -> None:
        bad = replace(DETECTOR, probe=replace(DETECTOR.probe, intercept=np.nan))
        with pytest.raises(ModelError, match=r"not finite, in 'probe\.intercept'"):
            save_model(tmp_path / "m", bad, {})
        assert not (tmp_path / "m").exists()

    def test_numbers_that_are_not_finite_in_half_precision_alone(self, tmp_path: Path) -> None:
        detector = small_detector()
        with torch.no_grad():
            next(detector.encoder.parameters()).fill_(1e6)
        save_model(tmp_path / "m", detector, {})
        with pytest.raises(ModelError, match=r"not finite, in 'encoder\.conv1\.weight'"):
            save_model(tmp_path / "half", replace(detector, half=True), {})

    def test_a_record_that_json_cannot_hold(self, tmp_path: Path) -> None:
        for value in (float("nan"), Path("x")):
            with pytest.raises(BadInputError, match="cannot be written as JSON"):
                save_model(tmp_path / "m", DETECTOR, {"metrics": value})
        with pytest.raises(BadInputError, match="own keys: encoder"):
            save_model(tmp_path / "m", DETECTOR, {"encoder": 1})


class TestDamage:
    @pytest.mark.parametrize("length", [0, 7, 100, -1])
    def test_cut_weights(self, folder: Path, length: int) -> None:
        path = folder / "weights.safetensors"
        path.write_bytes(path.read_bytes()[:length])
        with pytest.raises(ModelError, match="cut or altered"):
            load_model(folder)

    def test_a_pickle_with_the_right_hash(self, folder: Path) -> None:
        seal(folder, b"\x80\x04cos\nsystem\n(S'true'\ntR.")
        with pytest.raises(ModelError, match="no safetensors file"):
            load_model(folder)

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"encoder__conv1__weight": None}, "1 tensors are missing"),
            ({"encoder__more": np.zeros(3, np.float32)}, "1 unknown"),
            ({"encoder__bn1__weight": np.zeros(3, np.float32)}, "1 of another shape"),
            ({"encoder__bn1__weight": np.full(16, np.nan, np.float32)}, "not finite, in 'bn1"),
            ({"encoder__bn1__bias": np.full(16, np.inf, np.float16)}, "not finite, in 'bn1"),
            ({"encoder__bn1__bias": np.zeros(16)}, "is float64, expected one of"),
            ({"encoder__bn1__bias": np.zeros(16, bool)}, "is bool, expected one of"),
            ({"probe__mean": None}, r"'probe\.mean' is missing"),
            ({"probe__scale": np.zeros(3)}, r"expected float64 of shape \(128,\)"),
            ({"probe__scale": np.zeros(128)}, "0 or less"),
            ({"probe__scale": np.ones(128, np.float32)}, "expected float64"),
            ({"probe__intercept": np.array([np.inf])}, "not finite"),
            ({"probe__more": np.zeros(1)}, r"'probe\.more' is no tensor"),
            ({"more": np.zeros(1)}, "'more' is no tensor"),
        ],
    )
    def test_tensors_that_do_not_fit(
        self, folder: Path, changes: dict[str, Any], said: str
    ) -> None:
        replace_weights(folder, **changes)
        with pytest.raises(ModelError, match=said):
            load_model(folder)

    def test_a_type_that_numpy_does_not_have(self, folder: Path) -> None:
        tensors = safetensors.torch.load((folder / "weights.safetensors").read_bytes())
        tensors["encoder.bn1.bias"] = tensors["encoder.bn1.bias"].bfloat16()
        seal(folder, safetensors.torch.save(tensors))
        with pytest.raises(ModelError):
            load_model(folder)

    @pytest.mark.parametrize(
        ("key", "value", "said"),
        [
            ("encoder", None, "describes no encoder"),
            ("encoder", {"architecture": "resnet900"}, "this version lacks"),
            ("encoder", {"depth": 3}, "this version lacks"),
            ("half_precision", "yes", "expected true or false"),
            ("half_precision", None, "expected true or false"),
            ("threshold", None, "finite number"),
            ("calibration", {"slope": -1.0, "offset": 0.0, "prior": 0.1}, "slope above 0"),
        ],
    )
    def test_card_that_does_not_fit(self, folder: Path, key: str, value: object, said: str) -> None:
        alter_card(folder, **{key: value})
        with pytest.raises(ModelError, match=said):
            load_model(folder)


class TestGraph:
    """The files of one for ONNX Runtime; `test_onnx_detector` tells how it scores."""

    def test_what_is_saved_is_run_by_onnx_runtime(self, tmp_path: Path, graph: bytes) -> None:
        sha256 = save_model(tmp_path / "m", replace(DETECTOR, window=WINDOW), {}, graph)
        model = load_model(tmp_path / "m")
        assert isinstance(model, OnnxDetector)
        assert (model.name, model.sha256, model.threshold) == ("small", sha256, 0.25)
        assert (model.calibration, model.window) == (DETECTOR.calibration, WINDOW)
        found, expected = model.logits_of_codes(CODES), DETECTOR.logits_of_codes(CODES)
        np.testing.assert_allclose(found, expected, atol=1e-4)
        assert isinstance(load_encoder_detector(tmp_path / "m"), EncoderDetector)

    def test_a_graph_comes_into_a_folder_that_had_none(self, folder: Path, graph: bytes) -> None:
        before = read_card(folder)
        assert isinstance(load_model(folder), EncoderDetector)
        assert main([str(folder / "none"), str(folder)]) == 1  # one bad folder stops no other
        assert isinstance(load_model(folder), OnnxDetector)
        card = read_card(folder)
        assert card.pop("onnx") == {"sha256": sha256_of(folder / "model.onnx")}
        assert card == before
        assert (folder / "model.onnx").read_bytes() == graph  # the same model, the same bytes

    def test_an_older_models_graph_is_taken_away(self, tmp_path: Path, graph: bytes) -> None:
        save_model(tmp_path / "m", DETECTOR, {}, graph)
        save_model(tmp_path / "m", DETECTOR, {})
        assert isinstance(load_model(tmp_path / "m"), EncoderDetector)
        assert not (tmp_path / "m" / "model.onnx").exists()

    @pytest.mark.parametrize("damage", ["cut", "altered", "another", "gone", "entry"])
    def test_damage_is_refused(self, tmp_path: Path, graph: bytes, damage: str) -> None:
        """Torch does not silently take its place."""
        save_model(tmp_path / "m", DETECTOR, {}, graph)
        path = tmp_path / "m" / "model.onnx"
        if damage == "cut":
            path.write_bytes(graph[:1000])
        elif damage == "altered":
            path.write_bytes(graph[:-1] + bytes([graph[-1] ^ 1]))
        elif damage == "another":
            shutil.copy(SHIPPED_MODELS / "simclr-compact-1" / "model.onnx", path)
        elif damage == "gone":
            path.unlink()
        else:
            alter_card(tmp_path / "m", onnx="yes")
        said = "cannot be read" if damage == "gone" else "not that of its card"
        with pytest.raises(ModelError, match=rf"graph .*{said}.*onnx_export"):
            load_model(tmp_path / "m")

    def test_only_encoders_have_one(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main([str(SHIPPED_MODELS / "baseline-0")]) == 1
        assert "no encoder with a probe" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("lacking", "shipped", "said"),
    [
        (("torch", "torchvision"), False, "no model.onnx .*pip install 'fringewatch.train.'"),
        (("torch", "torchvision", "onnxruntime"), True, "pip install onnxruntime"),
        (("onnxruntime",), True, "EncoderDetector"),
    ],
    ids=["no torch", "neither", "torch alone"],
)
def test_without_packages_it_is_said_what_to_install(
    folder: Path, lacking: tuple[str, ...], shipped: bool, said: str
) -> None:
    """And everything else goes on."""
    model = SHIPPED_MODELS / "simclr-compact-1" if shipped else folder
    code = (
        "import sys\n"
        "from importlib.machinery import PathFinder\n"
        "class Lacking(PathFinder):\n"
        "    @classmethod\n"
        "    def find_spec(cls, name, path=None, target=None):\n"
        f"        if name.partition('.')[0] in {lacking!r}:\n"
        "            return None\n"
        "        return super().find_spec(name, path, target)\n"
        "sys.meta_path[sys.meta_path.index(PathFinder)] = Lacking\n"
        "from pathlib import Path\n"
        "import flows.cli\n"
        "from fringewatch.errors import ModelError\n"
        "from insar_models.detectors.registry import find_model, load_model\n"
        "print(find_model('baseline-0', None).name)\n"
        "try:\n"
        f"    print(type(load_model(Path({str(model)!r}))).__name__)\n"
        "except ModelError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.stdout.startswith("baseline-0\n"), done.stderr
    assert re.search(said, done.stdout)
