"""Models by name: the detector that a model's folder holds, saved, loaded and found.

The card says how the model was made and how its scores are to be read, and holds the hash of the
weights, so that the two cannot drift apart. Beside an encoder lies ``model.onnx``, which runs
without torch. Nothing is ever unpickled.
"""

import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray

from fringewatch.atomic import write_atomically
from fringewatch.errors import BadInputError, ModelError
from fringewatch.plugins import DETECTORS, find_plugin, plugin_names
from insar_models.detectors.added_detector import AddedDetector
from insar_models.detectors.card_entries import ENCODER_ARCHITECTURE
from insar_models.detectors.graph_files import GRAPH_ENTRY, GRAPH_FILE, graph_entry
from insar_models.detectors.linear import LinearDetector
from insar_models.detectors.linear_card import (
    ARCHITECTURE,
    linear_card,
    linear_tensors,
    read_linear,
)
from insar_models.detectors.protocol import Detector
from insar_models.detectors.runtimes import read_encoder, read_with_torch
from insar_models.model_folder import (
    CARD_FILE,
    WEIGHTS_FILE,
    check_model_name,
    read_card,
    read_weights,
    write_card,
    write_model_folder,
)

if TYPE_CHECKING:
    from insar_models.detectors.encoder import EncoderDetector

DEFAULT_MODEL: Final = "baseline-0"
"""The detector that comes with the package."""

_MODELS_KEPT: Final = 4
SHIPPED_MODELS: Final = Path(__file__).parents[1] / "weights"
"""Folder of the models that come with the package."""

_Tensors = Mapping[str, NDArray[np.generic]]


_Reader = Callable[[Path, Mapping[str, Any], _Tensors], Detector]

_READERS: Final[Mapping[str, _Reader]] = {
    ARCHITECTURE: read_linear,
    ENCODER_ARCHITECTURE: read_encoder,
}


def save_model(
    folder: Path,
    model: "LinearDetector | EncoderDetector",
    record: Mapping[str, object],
    graph: bytes | None = None,
) -> str:
    """Write a model, and return the sha256 of its weights.

    The card comes last: a crash between the files leaves some that `load_model` refuses.
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
    graph
        The same model for ONNX Runtime, which runs it where torch is not.

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
    entries = {"name": model.name, **entries}
    if graph is not None:
        entries[GRAPH_ENTRY] = graph_entry(graph)
    elif GRAPH_ENTRY in record:
        message = f"the record of model {model.name} uses the card's own keys: {GRAPH_ENTRY}"
        raise BadInputError(message)
    beside = {} if graph is None else {GRAPH_FILE: graph}
    sha256 = write_model_folder(folder, weights, entries, record, beside)
    if graph is None:
        (folder / GRAPH_FILE).unlink(missing_ok=True)  # an older model's
    return sha256


def add_graph(folder: Path, graph: bytes) -> None:
    """Put a graph for ONNX Runtime beside the weights that it was made of, and into their card.

    Raises
    ------
    ModelError
        If the card is missing or damaged.
    HomeError
        If the folder cannot be written.
    """
    card = read_card(folder)
    write_atomically(folder / GRAPH_FILE, graph)
    write_card(folder, {**card, GRAPH_ENTRY: graph_entry(graph)})


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

    An encoder is run by ONNX Runtime where that is installed and the folder has a graph, else by
    torch. The card may also name an architecture that another package adds to the entry points
    `fringewatch.plugins.DETECTORS`.

    Raises
    ------
    ModelError
        If a file is missing, cut or altered, the card was written by a newer version or names an
        unknown architecture, the weights do not fit it, or nothing is installed that can run it.
    PluginError
        If the package that adds the architecture is broken.
    """
    card, tensors = _card_and_tensors(folder)
    architecture = str(card.get("architecture"))
    reader = _READERS.get(architecture) or _reader_of_plugin(architecture)
    if reader is None:
        message = (
            f"{folder / CARD_FILE}: unknown architecture '{architecture}', this Fringewatch knows "
            f"{', '.join((*_READERS, *plugin_names(DETECTORS)))}: update Fringewatch, install the "
            "package that adds it, or choose another model"
        )
        raise ModelError(message)
    return reader(folder, card, tensors)


def _stamps(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Return name, time of change and size of each file of a folder; none if it cannot be read."""
    try:
        found = [(path.name, path.stat()) for path in folder.iterdir()]
    except OSError:
        return ()  # to read the model says what is wrong
    return tuple(sorted((name, stat.st_mtime_ns, stat.st_size) for name, stat in found))


@functools.lru_cache(maxsize=_MODELS_KEPT)
def _kept_model(folder: Path, _of: tuple[tuple[str, int, int], ...]) -> Detector:
    """Return the model of a folder, read anew when a file of it has changed.

    A night asks for its model three times a volcano, and to read one takes as long as to score
    several pairs. Models never change, so that all may have the same one.
    """
    return load_model(folder)


def load_encoder_detector(folder: Path) -> "EncoderDetector":
    """Return the encoder and probe that lie in `folder` as torch runs them.

    Raises
    ------
    ModelError
        As `load_model`, or if the model is of another kind, or torch is not installed.
    """
    card, tensors = _card_and_tensors(folder)
    if card.get("architecture") != ENCODER_ARCHITECTURE:
        message = (
            f"the model in {folder} is '{card.get('architecture')}', no encoder with a probe: "
            "give the folder of one"
        )
        raise ModelError(message)
    return read_with_torch(folder, card, tensors)


def _card_and_tensors(folder: Path) -> tuple[dict[str, Any], _Tensors]:
    card = read_card(folder)
    content = read_weights(folder, card)
    try:
        return card, safetensors.numpy.load(content)
    except (safetensors.SafetensorError, KeyError) as error:  # the latter: a type without numpy's
        path = folder / WEIGHTS_FILE
        message = f"{path} is no safetensors file ({error}): train or copy the model again"
        raise ModelError(message) from error


def _reader_of_plugin(architecture: str) -> _Reader | None:
    """Return what reads models of an architecture that another package adds; None if none does."""
    plugin = find_plugin(DETECTORS, architecture)
    if plugin is None:
        return None
    read: Any = plugin.load()

    def reader(folder: Path, card: Mapping[str, Any], tensors: _Tensors) -> Detector:
        return cast("Detector", AddedDetector(plugin, plugin.call(read, folder, card, tensors)))

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
            model = _kept_model(place / name, _stamps(place / name))
            if model.name != name:
                message = (
                    f"the folder {place / name} holds the model '{model.name}': rename the folder"
                )
                raise ModelError(message)
            return model
    known = sorted({card.parent.name for place in places for card in place.glob(f"*/{CARD_FILE}")})
    message = f"there is no model '{name}'; known: {', '.join(known) or 'none'}"
    raise ModelError(message)
