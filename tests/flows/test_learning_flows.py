"""The flows that learn, under a real (test) Prefect server: one at a time on each device."""

import socket
import threading
from pathlib import Path

import numpy as np
import pytest
from prefect.client.orchestration import get_client
from prefect.concurrency.sync import concurrency

from flows.device_limit import alone_on, limit_name
from flows.pretrain import pretrain
from flows.probe import probe
from flows.tune import tune
from fringewatch.errors import BadInputError, ModelError
from insar_models.detectors.registry import find_model
from insar_models.encoders.files import load_encoder, save_encoder
from insar_models.model_folder import read_card
from tests.flows.small_recipes import RECIPE, TUNE_RECIPE
from tests.insar_models.encoder_detectors import seasoned_encoder
from tests.insar_models.labelled_corpus import labelled_corpus
from tests.insar_models.small_patch_file import small_patch_file
from tests.insar_models.small_tuning import labelled_corpus as quiet_corpus
from tests.insar_models.small_tuning import tiny_encoder

HOST = socket.gethostname().lower()


class TestNames:
    @pytest.mark.parametrize(
        ("device", "visible", "ending"),
        [
            ("cpu", "", "-cpu"),
            ("cuda", "", "-cuda-0"),
            ("cuda:1", "", "-cuda-1"),
            ("cuda", "3,5", "-cuda-3"),
            ("cuda:1", "3,5", "-cuda-5"),
            ("cuda:0", "GPU-8932f937-D72C", "-cuda-gpu-8932f937-d72c"),
        ],
    )
    def test_a_device_has_one_name_whatever_a_process_calls_it(
        self, monkeypatch: pytest.MonkeyPatch, device: str, visible: str, ending: str
    ) -> None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
        assert limit_name(device).startswith("fringewatch-")
        assert limit_name(device).endswith(ending)

    def test_a_machines_name_goes_in_without_what_prefect_forbids(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(socket, "gethostname", lambda: "Box/1.local")
        assert limit_name("cpu") == "fringewatch-box-1-local-cpu"


@pytest.mark.usefixtures("prefect_server")
class TestLimit:
    def test_it_is_made_once_and_left_as_it_is_set(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(socket, "gethostname", lambda: "made-once")
        name = "fringewatch-made-once-cuda-7"
        with alone_on("cuda:7"), get_client(sync_client=True) as client:
            limit = client.read_global_concurrency_limit_by_name(name)
            assert (limit.limit, limit.active_slots) == (1, 1)
            client.upsert_global_concurrency_limit_by_name(name, 2)
        with alone_on("cuda:7"), get_client(sync_client=True) as client:
            limit = client.read_global_concurrency_limit_by_name(name)
            assert (limit.limit, limit.active_slots) == (2, 1)

    def test_a_second_run_waits_and_another_device_does_not(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(socket, "gethostname", lambda: "waits")
        with alone_on("cuda:0"):
            with pytest.raises(TimeoutError), concurrency(limit_name("cuda:0"), timeout_seconds=1):
                pytest.fail("two at once")
            with alone_on("cuda:1"):
                pass

    def test_an_error_gives_the_device_back(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(socket, "gethostname", lambda: "gives-back")
        with pytest.raises(ModelError), alone_on("cpu"):
            raise ModelError
        done = threading.Event()
        with alone_on("cpu"):
            done.set()
        assert done.is_set()


@pytest.mark.usefixtures("prefect_server")
class TestPretrain:
    def test_a_run_that_was_stopped_is_partial_and_goes_on(self, tmp_path: Path) -> None:
        corpus = small_patch_file(tmp_path / "tiny.safetensors", 12).path
        recipe, folder = tmp_path / "small.toml", tmp_path / "run"
        recipe.write_text(RECIPE, "utf-8")
        state = pretrain(corpus, folder, str(recipe), stop_after=1, device="cpu", return_state=True)
        assert (state.name, state.is_completed()) == ("Partial", True)
        report = pretrain(corpus, folder, str(recipe), device="cpu")
        assert report.is_finished
        assert (report.encoder / "weights.safetensors").is_file()

    def test_what_is_wrong_is_said(self, tmp_path: Path) -> None:
        corpus = small_patch_file(tmp_path / "tiny.safetensors", 12).path
        with pytest.raises(BadInputError, match=r"none\.toml cannot be read"):
            pretrain(corpus, tmp_path / "run", "none.toml", device="cpu")

    def test_an_encoder_and_weights_in_place_of_the_recipes(self, tmp_path: Path) -> None:
        corpus = small_patch_file(tmp_path / "tiny.safetensors", 12).path
        recipe = tmp_path / "small.toml"
        recipe.write_text(RECIPE, "utf-8")
        with pytest.raises(BadInputError, match="vgg16 has one width"):
            pretrain(corpus, tmp_path / "run", str(recipe), encoder="vgg16", device="cpu")
        with pytest.raises(ModelError, match="nowhere cannot be read"):
            pretrain(corpus, tmp_path / "run", str(recipe), weights="nowhere", device="cpu")


@pytest.mark.usefixtures("prefect_server")
class TestTune:
    def test_a_run_that_was_stopped_is_partial_and_goes_on(self, tmp_path: Path) -> None:
        corpus, recipe = quiet_corpus(tmp_path).path, tmp_path / "tune.toml"
        recipe.write_text(TUNE_RECIPE, "utf-8")
        encoder, folder = tmp_path / "encoder", tmp_path / "run"
        save_encoder(encoder, tiny_encoder(), {"trained": {"step": 7}})
        given = (corpus, encoder, folder, str(recipe))
        state = tune(*given, stop_after=1, device="cpu", return_state=True)
        assert (state.name, state.is_completed()) == ("Partial", True)
        report = tune(*given, device="cpu")
        assert (report.step, report.is_finished) == (2, True)
        assert load_encoder(report.encoder).spec == tiny_encoder().spec
        assert read_card(report.encoder)["trained"] == {"step": 7}  # its past goes along

    def test_what_is_wrong_is_said(self, tmp_path: Path) -> None:
        corpus = quiet_corpus(tmp_path).path
        with pytest.raises(BadInputError, match=r"none\.toml cannot be read"):
            tune(corpus, tmp_path, tmp_path / "run", "none.toml", device="cpu")
        with pytest.raises(ModelError, match=r"card\.json cannot be read"):
            tune(corpus, tmp_path, tmp_path / "run", device="cpu")


@pytest.mark.usefixtures("prefect_server")
class TestProbe:
    def test_a_detector_is_made(self, tmp_path: Path) -> None:
        corpus = labelled_corpus(tmp_path / "labelled.safetensors").path
        save_encoder(tmp_path / "encoder", seasoned_encoder(), {})
        report = probe(
            corpus,
            tmp_path / "encoder",
            "of-a-flow",
            device="cpu",
            models=tmp_path / "models",
            home=tmp_path / "home",
        )
        assert str(report.folder) == str(tmp_path / "models" / "of-a-flow")
        model = find_model("of-a-flow", tmp_path / "models")
        assert np.isfinite(model.logits(np.ones((1, 224, 224), np.float32))).all()

    def test_what_is_wrong_is_said(self, tmp_path: Path) -> None:
        corpus = labelled_corpus(tmp_path / "labelled.safetensors").path
        with pytest.raises(ModelError, match="cannot be read"):
            probe(corpus, tmp_path, "x", device="cpu", models=tmp_path / "models")
