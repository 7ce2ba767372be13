"""Models by name, wherever the home keeps them: on disk, or at its storage."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import is_dataclass, replace
from pathlib import Path

from catalogs.home.home import home_of
from catalogs.settings import Settings
from catalogs.storage.place import Place
from fringewatch.atomic import disk_errors, write_atomically
from fringewatch.errors import BadInputError, ModelError
from insar_models.detectors.deforming_share import at_deforming_share
from insar_models.detectors.protocol import Detector
from insar_models.detectors.registry import SHIPPED_MODELS, find_model
from insar_models.model_folder import CARD_FILE, check_model_name


def model_of(settings: Settings) -> Detector:
    """Return the model that the settings name, with probabilities at the share that they state.

    One that lies at the storage is brought into the home, once for each version of it, and read
    there: its card holds the hash of the weights that came.

    Raises
    ------
    ModelError
        If no model has that name (the message lists those there are), or it is damaged.
    HomeError
        If the storage gives no answer, or the home cannot be written.
    BadInputError
        If the settings state a share of deforming windows, and the model knows none.
    """
    model = _found(settings)
    share = settings.deforming_share
    return model if share is None else at_deforming_share(model, share)


def _found(settings: Settings) -> Detector:
    home, name = home_of(settings), settings.model
    models = home.models
    check_model_name(name)
    if models.path is not None:
        return find_model(name, models.path)
    if (models / name / CARD_FILE).is_file():
        _bring(models / name, home.model_copies / name)
        try:
            return find_model(name, home.model_copies)
        except ModelError:  # a copy that was damaged here is brought once more
            shutil.rmtree(home.model_copies / name)
            _bring(models / name, home.model_copies / name)
            return find_model(name, home.model_copies)
    if (SHIPPED_MODELS / name).is_dir():
        return find_model(name, None)
    known = {
        *models.children(),
        *(card.parent.name for card in SHIPPED_MODELS.glob(f"*/{CARD_FILE}")),
    }
    message = f"there is no model '{name}' at {models}; known: {', '.join(sorted(known))}"
    raise ModelError(message)


def judging_model(settings: Settings, volcano: str) -> Detector:
    """Return the model that the settings name, with the threshold of one volcano.

    Raises
    ------
    BadInputError
        If the volcano has a threshold of its own, and the model of another package takes none.
    ModelError, HomeError
        As `model_of`.
    """
    model = model_of(settings)
    place = settings.volcano.get(volcano)
    own = place.threshold_of(model.name) if place else None
    if own is None:
        return model
    if not is_dataclass(model) or isinstance(model, type):
        message = (
            f"volcano.{volcano}.threshold = {own}: the model {model.name} takes no other threshold "
            f"than its own, {model.threshold}: leave the entry out"
        )
        raise BadInputError(message)
    return replace(model, threshold=own)


@contextmanager
def models_folder(models: Place) -> Iterator[Path]:
    """Give a folder to write models into, which are at `models` when the block ends without error.

    Raises
    ------
    HomeError
        If the storage gives no answer, or the disk cannot be written.
    """
    if models.path is not None:
        yield models.path
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        yield folder
        for card in sorted(folder.glob(f"*/{CARD_FILE}")):
            for file in _card_last(path.name for path in card.parent.iterdir()):
                (models / card.parent.name / file).write((card.parent / file).read_bytes())


def _bring(model: Place, folder: Path) -> None:
    card = (model / CARD_FILE).read()
    here = folder / CARD_FILE
    with disk_errors(folder):
        if here.is_file() and here.read_bytes() == card:
            return
        for name in _card_last(file.name for file in model.files()):
            write_atomically(folder / name, card if name == CARD_FILE else (model / name).read())


def _card_last(names: Iterator[str]) -> list[str]:
    return sorted(names, key=lambda name: (name == CARD_FILE, name))
