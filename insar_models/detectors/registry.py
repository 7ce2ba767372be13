"""Models by name: the detector that a model's folder holds, saved, loaded and found."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray

from fringewatch.errors import FringewatchError, ModelError
from fringewatch.plugins import DETECTORS, find_plugin, plugin_names
from insar_models.detectors.card_entries import ENCODER_ARCHITECTURE
from insar_models.detectors.linear import LinearDetector
from insar_models.detectors.linear_card import (
    ARCHITECTURE,
    linear_card,
    linear_tensors,
    read_linear,
)
from insar_models.detectors.protocol import Detector
from insar_models.model_folder import (
    CARD_FILE,
    WEIGHTS_FILE,
    check_model_name,
    read_card,
    read_weights,
    write_model_folder,
)

if TYPE_CHECKING:
    from insar_models.detectors.encoder import EncoderDetector

DEFAULT_MODEL: Final = "baseline-0"
"""The detector that comes with the package."""

SHIPPED_MODELS: Final = Path(__file__).parents[1] / "weights"
"""Folder of the models that come with the package."""

_Tensors = Mapping[str, NDArray[np.generic]]


def _read_encoder(folder: Path, card: Mapping[str, Any], tensors: _Tensors) -> Detector:
    try:  # torch is not there on every machine, and takes seconds to import
        from insar_models.detectors.encoder_card import read_encoder_detector  # noqa: PLC0415
    except ImportError as error:
        message = (
            f"the model in {folder} is an encoder, which needs torch and torchvision ({error}): "
            "pip install 'fringewatch[train]', or choose another model"
        )
        raise ModelError(message) from error
    return read_encoder_detector(folder, card, tensors)


_DETECTOR_NAMES: Final = tuple(name for name in vars(Detector) if not name.startswith("_"))
"""What each detector has, whatever package it comes from."""

_Reader = Callable[[Path, Mapping[str, Any], _Tensors], Detector]

_READERS: Final[Mapping[str, _Reader]] = {
    ARCHITECTURE: read_linear,
    ENCODER_ARCHITECTURE: _read_encoder,
}


def save_model(
    folder: Path, model: "LinearDetector | EncoderDetector", record: Mapping[str, object]
) -> str:
    """Write a model, and return the sha256 of its weights.

    The weights come first: a crash between the two files leaves a pair that `load_model` refuses.
    The same model and record give the same bytes.

    Parameters
    ----------
    folder
        Made where it is missing; an older model in it is replaced.
    model
        Its own `sha256` is not looked at.
    record
        How it was made (data, recipe, metrics...), anything that JSON can hold; goes to the card
        as it is.

    Raises
    ------
    ModelError
        If the model's name cannot be one, or its weights are not finite.
    BadInputError
        If `record` has a key that the card uses itself, or something that JSON cannot hold.
    HomeError
        If the folder cannot be written.
    """
    check_model_name(model.name)
    tensors, entries = _parts(model)
    weights = safetensors.numpy.save(tensors)
    return write_model_folder(folder, weights, {"name": model.name, **entries}, record)


def _parts(
    model: "LinearDetector | EncoderDetector",
) -> tuple[dict[str, NDArray[Any]], dict[str, object]]:
    """Return the tensors of a model, and what its card must say."""
    if isinstance(model, LinearDetector):
        return dict(linear_tensors(model)), linear_card(model)
    from insar_models.detectors.encoder_card import (  # noqa: PLC0415 - torch is there: it made the model
        encoder_card,
        encoder_tensors,
    )

    return encoder_tensors(model), encoder_card(model)


def load_model(folder: Path) -> Detector:
    """Return the model that lies in `folder`.

    Its card names an architecture: one of ours, or one that another package adds to the entry
    points `fringewatch.plugins.DETECTORS`.

    Raises
    ------
    ModelError
        If a file is missing, cut or altered, the card was written by a newer version or names an
        unknown architecture, or the weights do not fit it.
    PluginError
        If the package that adds the architecture is broken.
    """
    card = read_card(folder)
    path = folder / WEIGHTS_FILE
    content = read_weights(folder, card)
    architecture = str(card.get("architecture"))
    reader = _READERS.get(architecture) or _reader_of_plugin(architecture)
    if reader is None:
        message = (
            f"{folder / CARD_FILE}: unknown architecture '{architecture}', this Fringewatch knows "
            f"{', '.join((*_READERS, *plugin_names(DETECTORS)))}: update Fringewatch, install the "
            "package that adds it, or choose another model"
        )
        raise ModelError(message)
    try:
        tensors = safetensors.numpy.load(content)
    except (safetensors.SafetensorError, KeyError) as error:  # the latter: a type without numpy's
        message = f"{path} is no safetensors file ({error}): train or copy the model again"
        raise ModelError(message) from error
    return reader(folder, card, tensors)


def _reader_of_plugin(architecture: str) -> _Reader | None:
    """Return what reads models of an architecture that another package adds; None if none does."""
    plugin = find_plugin(DETECTORS, architecture)
    if plugin is None:
        return None
    read = plugin.load()

    def reader(folder: Path, card: Mapping[str, Any], tensors: _Tensors) -> Detector:
        try:
            model = read(folder, card, tensors)  # type: ignore[operator] - a plug-in can be called
        except FringewatchError:
            raise
        except Exception as error:  # somebody else's code, of which nothing is known
            raise plugin.broken(error) from error
        lacking = sorted(name for name in _DETECTOR_NAMES if not hasattr(model, name))
        if lacking:
            message = f"what it reads is no detector: it has no {', '.join(lacking)}"
            raise plugin.broken(message)
        return cast("Detector", model)

    return reader


def find_model(name: str, models_folder: Path | None) -> Detector:
    """Return the model called `name`: one of the user's own, else one that comes with the package.

    A damaged model of one's own is an error; the shipped one never silently takes its place.

    Parameters
    ----------
    name
        Such as ``baseline-0``.
    models_folder
        The home's folder of models; it need not exist.

    Raises
    ------
    ModelError
        If no model has that name (the message lists those there are), or it is damaged.
    """
    check_model_name(name)
    places = [SHIPPED_MODELS] if models_folder is None else [models_folder, SHIPPED_MODELS]
    for place in places:
        if (place / name).is_dir():
            model = load_model(place / name)
            if model.name != name:
                message = (
                    f"the folder {place / name} holds the model '{model.name}': rename the folder"
                )
                raise ModelError(message)
            return model
    known = sorted({card.parent.name for place in places for card in place.glob(f"*/{CARD_FILE}")})
    message = f"there is no model '{name}'; known: {', '.join(known) or 'none'}"
    raise ModelError(message)
