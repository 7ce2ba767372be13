"""An encoder comes back from its folder as it was, and damage is told."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

from fringewatch.errors import BadInputError, HomeError, ModelError
from insar_models.detectors.registry import load_model
from insar_models.encoders.encoder import Encoder, EncoderSpec, make_encoder
from insar_models.encoders.files import load_encoder, save_encoder

SPEC = EncoderSpec("resnet18", width=0.125, size=32)
PATCHES = torch.randn(3, 3, 32, 32, generator=torch.Generator().manual_seed(2))


@pytest.fixture
def encoder() -> Encoder:
    made = make_encoder(SPEC, seed=0)
    made(PATCHES)  # so that the statistics of batches are not those of a new net
    return made


def rewrite(folder: Path, change: Callable[[dict[str, torch.Tensor]], None]) -> None:
    """Change the tensors, and make the card agree."""
    path = folder / "weights.safetensors"
    tensors = safetensors.torch.load(path.read_bytes())
    change(tensors)
    path.write_bytes(safetensors.torch.save(tensors))
    rehash(folder)


def rehash(folder: Path, **entries: Any) -> None:
    weights = (folder / "weights.safetensors").read_bytes()
    card = json.loads((folder / "card.json").read_text())
    card.update(entries, sha256=hashlib.sha256(weights).hexdigest())
    (folder / "card.json").write_text(json.dumps(card))


def test_it_comes_back_bit_for_bit(tmp_path: Path, encoder: Encoder) -> None:
    sha256 = save_encoder(tmp_path / "new" / "e", encoder, {"corpus": "tiny", "steps": 7})
    before = torch.random.get_rng_state()
    loaded = load_encoder(tmp_path / "new" / "e")
    assert torch.equal(torch.random.get_rng_state(), before)
    assert loaded.spec == SPEC
    assert not loaded.training
    left, right = encoder.state_dict(), loaded.state_dict()
    assert list(left) == list(right)
    assert all(torch.equal(left[name], right[name]) for name in left)
    with torch.inference_mode():
        assert torch.equal(loaded(PATCHES), encoder.eval()(PATCHES))
    card = json.loads((tmp_path / "new" / "e" / "card.json").read_text())
    assert card["sha256"] == sha256
    assert (card["corpus"], card["steps"], card["dimension"]) == ("tiny", 7, 64)
    assert card["encoder"] == SPEC.as_dict()


def test_the_same_encoder_gives_the_same_bytes(tmp_path: Path, encoder: Encoder) -> None:
    save_encoder(tmp_path / "a", encoder, {"x": 1})
    save_encoder(tmp_path / "b", encoder.to(memory_format=torch.channels_last), {"x": 1})
    for name in ("weights.safetensors", "card.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == [
        "card.json",
        "weights.safetensors",
    ]


def test_a_card_may_not_use_our_keys_or_hold_what_json_cannot(
    tmp_path: Path, encoder: Encoder
) -> None:
    with pytest.raises(BadInputError, match="own keys: encoder, sha256"):
        save_encoder(tmp_path / "e", encoder, {"sha256": "0", "encoder": 1})
    for value in (float("nan"), object()):
        with pytest.raises(BadInputError, match="as JSON"):
            save_encoder(tmp_path / "e", encoder, {"loss": value})
    assert not (tmp_path / "e").exists()


def test_what_is_not_finite_is_not_saved(tmp_path: Path, encoder: Encoder) -> None:
    save_encoder(tmp_path, encoder, {})
    with torch.no_grad():
        encoder.get_parameter("backbone.conv1.weight")[0, 0, 0, 0] = torch.inf
    with pytest.raises(ModelError, match=r"not finite, in 'conv1\.weight'"):
        save_encoder(tmp_path, encoder, {})
    load_encoder(tmp_path)


def test_a_file_in_the_way_is_told(tmp_path: Path, encoder: Encoder) -> None:
    (tmp_path / "e").write_text("")
    with pytest.raises(HomeError, match="a file stands"):
        save_encoder(tmp_path / "e", encoder, {})


@pytest.mark.parametrize("name", ["weights.safetensors", "card.json"])
def test_missing_and_cut_files_are_told(tmp_path: Path, encoder: Encoder, name: str) -> None:
    save_encoder(tmp_path, encoder, {})
    path = tmp_path / name
    content = path.read_bytes()
    for size in (0, 7, len(content) // 2, len(content) - 3):
        path.write_bytes(content[:size])
        with pytest.raises(ModelError, match=name):
            load_encoder(tmp_path)
    path.unlink()
    with pytest.raises(ModelError, match="cannot be read"):
        load_encoder(tmp_path)


def test_a_new_pair_that_was_written_by_half_is_refused(tmp_path: Path, encoder: Encoder) -> None:
    save_encoder(tmp_path / "old", encoder, {})
    save_encoder(tmp_path / "new", make_encoder(SPEC, seed=1), {})
    weights = tmp_path / "new" / "weights.safetensors"
    (tmp_path / "old" / weights.name).write_bytes(weights.read_bytes())
    with pytest.raises(ModelError, match="not those of their card"):
        load_encoder(tmp_path / "old")


def _add(tensors: dict[str, torch.Tensor]) -> None:
    tensors["backdoor"] = torch.ones(1)


def _drop(tensors: dict[str, torch.Tensor]) -> None:
    del tensors["layer4.1.bn2.weight"]


def _reshape(tensors: dict[str, torch.Tensor]) -> None:
    tensors["bn1.weight"] = torch.ones(9)


def _spoil(tensors: dict[str, torch.Tensor]) -> None:
    tensors["bn1.weight"][:] = torch.nan


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (_add, r"1 unknown.*'backdoor'"),
        (_drop, r"1 tensors are missing.*'layer4\.1\.bn2\.weight'"),
        (_reshape, r"1 of another shape.*'bn1\.weight'"),
        (_spoil, "not finite"),
    ],
)
def test_tensors_that_do_not_fit_are_refused(
    tmp_path: Path,
    encoder: Encoder,
    change: Callable[[dict[str, torch.Tensor]], None],
    problem: str,
) -> None:
    save_encoder(tmp_path, encoder, {})
    rewrite(tmp_path, change)
    with pytest.raises(ModelError, match=problem):
        load_encoder(tmp_path)


@pytest.mark.parametrize(
    ("entries", "problem"),
    [
        ({"architecture": "resnet34", "width": 0.125, "size": 32}, "do not fit"),
        ({"architecture": "resnet18", "width": 0.25, "size": 32}, "do not fit"),
        ({"architecture": "resnet1000"}, "this version lacks.*resnet1000"),
        ({"depth": 3}, "this version lacks.*'depth'"),
        ("resnet18", "describes no encoder"),
        (None, "describes no encoder"),
    ],
)
def test_a_card_of_another_encoder_is_refused(
    tmp_path: Path, encoder: Encoder, entries: object, problem: str
) -> None:
    save_encoder(tmp_path, encoder, {})
    rehash(tmp_path, encoder=entries)
    with pytest.raises(ModelError, match=problem):
        load_encoder(tmp_path)


def test_weights_that_are_no_safetensors_are_refused(tmp_path: Path, encoder: Encoder) -> None:
    save_encoder(tmp_path, encoder, {})
    torch.save(encoder.backbone.state_dict(), tmp_path / "weights.safetensors")
    rehash(tmp_path)
    with pytest.raises(ModelError, match="no safetensors file"):
        load_encoder(tmp_path)


def test_a_newer_format_and_another_kind_of_model_are_told(
    tmp_path: Path, encoder: Encoder
) -> None:
    save_encoder(tmp_path, encoder, {})
    with pytest.raises(ModelError, match="unknown architecture 'resnet18'"):
        load_model(tmp_path)
    rehash(tmp_path, format=99)
    with pytest.raises(ModelError, match="99"):
        load_encoder(tmp_path)
