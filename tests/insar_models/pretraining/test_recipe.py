"""Recipes of pretraining, and how a run is carried out."""

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

import torch

from fringewatch.errors import BadInputError
from insar_models.augmentation import PaperRecipe, Recipe
from insar_models.pretraining.recipe import PAPER, PretrainRecipe, find_pretrain_recipe
from insar_models.training import running as pretraining_running
from insar_models.training.running import TrainingSetup, precision_of

TOML = """
method = "dcl"
temperature = 0.1
average = 0.99
batch_size = 64
[encoder]
architecture = "compact"
size = 112
[augmentation]
cutout = false
[augmentation.noise]
probability = 0.25
"""


class TestRecipe:
    def test_a_file(self, tmp_path: Path) -> None:
        path = tmp_path / "recipe.toml"
        path.write_text(TOML)
        recipe = find_pretrain_recipe(str(path), steps=30)
        assert (recipe.method, recipe.temperature, recipe.steps) == ("dcl", 0.1, 30)
        assert (recipe.encoder.architecture, recipe.encoder.size) == ("compact", 112)
        assert isinstance(recipe.augmentation, Recipe)
        assert recipe.augmentation.cutout is None
        assert recipe.augmentation.noise is not None
        assert recipe.augmentation.noise.probability == 0.25

    @pytest.mark.parametrize("name", ["default", "paper"])
    def test_named_ones_survive_json(self, name: str) -> None:
        recipe = find_pretrain_recipe(name)
        assert PretrainRecipe.parse(json.loads(json.dumps(recipe.settings()))) == recipe

    def test_the_paper(self) -> None:
        assert isinstance(PAPER.augmentation, PaperRecipe)
        assert (PAPER.batch_size, PAPER.temperature, PAPER.outputs) == (112, 0.5, 1000)
        assert (PAPER.encoder.inputs, PAPER.optimiser, PAPER.learning_rate) == (
            "grey",
            "adam",
            1e-3,
        )

    def test_a_file_that_cannot_be_used(self, tmp_path: Path) -> None:
        with pytest.raises(BadInputError, match=r"nowhere.toml cannot be read \(No such file"):
            find_pretrain_recipe(str(tmp_path / "nowhere.toml"))
        for content in (b"batch_size = ", b"\xff\xfe"):
            (tmp_path / "bad.toml").write_bytes(content)
            with pytest.raises(BadInputError, match="is no TOML"):
                find_pretrain_recipe(str(tmp_path / "bad.toml"))

    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            ({"batchsize": 3}, "has no 'batchsize'"),
            ({"method": "byol"}, "method='byol': give one of simclr, dcl, moco"),
            ({"optimiser": "adamax"}, "optimiser='adamax': give one of"),
            ({"schedule": "step"}, "schedule='step': give one of"),
            ({"batch_size": 1}, "a whole number, from 2"),
            ({"batch_size": 8.0}, "a whole number, from 2"),
            ({"batch_size": None}, "a whole number, from 2"),
            ({"steps": 0}, "a whole number, from 1"),
            ({"epochs": True}, "a whole number, from 1"),
            ({"seed": -1}, "a whole number, from 0"),
            ({"temperature": 0.0}, r"give a number, from 0.001 up to 100"),
            ({"temperature": "warm"}, r"give a number, from 0.001"),
            ({"learning_rate": math.nan}, "learning_rate=nan"),
            ({"average": 1.0}, "a pretraining recipe: average=1.0: give a share"),
            ({"spare_groups": 1}, "spare_groups"),
            ({"weights": 3}, "weights"),
            ({"encoder": "compact"}, "'encoder' must be a table"),
            ({"encoder": {"architecture": "lenet"}}, "lenet"),
            ({"augmentation": "wild"}, "no augmentation 'wild'"),
            ({"augmentation": "paper"}, "makes grey levels.*'phasor'"),
        ],
    )
    def test_what_cannot_be(self, settings: dict[str, Any], message: str) -> None:
        with pytest.raises(BadInputError, match=message):
            PretrainRecipe.parse(settings)


class TestRunning:
    @pytest.mark.parametrize("name", ["checkpoint_every", "note_every", "measure_every"])
    def test_never_is_not_often(self, name: str) -> None:
        with pytest.raises(BadInputError, match=f"{name}=0: give a whole number"):
            replace(TrainingSetup(), **{name: 0})  # type: ignore[arg-type]

    def test_precision(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(BadInputError, match="precision='int8': give one of auto"):
            TrainingSetup(precision="int8")  # type: ignore[arg-type]
        cpu = torch.device("cpu")
        assert precision_of("bfloat16", cpu) == torch.bfloat16
        facts = tmp_path / "cpuinfo"
        monkeypatch.setattr(pretraining_running, "_CPU_FACTS", facts)
        assert precision_of("auto", cpu) == torch.float32
        facts.write_text("flags : avx2 avx512_bf16\n")
        assert precision_of("auto", cpu) == torch.float32
        facts.write_text("flags : avx512_bf16 amx_bf16 amx_tile\n")
        assert precision_of("auto", cpu) == torch.bfloat16

    @pytest.mark.parametrize(
        ("capability", "expected"),
        [
            ((9, 0), torch.bfloat16),
            ((8, 0), torch.bfloat16),
            ((7, 5), torch.float16),
            ((6, 1), torch.float32),
        ],
    )
    def test_precision_of_a_gpu(
        self, capability: tuple[int, int], expected: torch.dtype, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: capability)
        assert precision_of("auto", torch.device("cuda")) == expected
