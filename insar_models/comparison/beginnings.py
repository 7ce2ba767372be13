"""The encoder that a row begins with; weights come from files that are here, never by network."""

from collections.abc import Mapping
from pathlib import Path

from fringewatch.errors import ModelError
from insar_models.comparison.rows import IMAGENET, RANDOM, SHIPPED, Row
from insar_models.detectors.registry import SHIPPED_MODELS, load_encoder_detector
from insar_models.encoders.encoder import Encoder, make_encoder
from insar_models.encoders.files import load_encoder
from insar_models.encoders.weights import imagenet_file


def weights_of(row: Row, files: Mapping[str, Path]) -> str:
    """Return what a recipe says of the weights that a row begins with: ``random`` or a path.

    Parameters
    ----------
    row
        That does not go on with another one.
    files
        ImageNet's weights, by architecture.

    Raises
    ------
    ModelError
        If the weights are not here.
    """
    if row.begins == RANDOM:
        return RANDOM
    spec = row.needed_encoder
    found = files.get(spec.architecture) or imagenet_file(spec)
    if found is None:
        name = spec.architecture
        message = (
            f"the ImageNet weights of {name} are not here: fetch torchvision's (timm's for "
            f"inception_v4) and give --weights {name}=FILE"
        )
        raise ModelError(message)
    return str(found)


def beginning_of(row: Row, files: Mapping[str, Path], encoders: Mapping[str, Path]) -> Encoder:
    """Return the encoder that a row begins with.

    Parameters
    ----------
    row
        Any.
    files
        ImageNet's weights, by architecture.
    encoders
        Folders of the encoders of rows that are made, by name.

    Raises
    ------
    ModelError
        If the weights or the other row are not here, or cannot be read.
    """
    if row.begins.startswith(SHIPPED):
        return load_encoder_detector(SHIPPED_MODELS / row.begins.removeprefix(SHIPPED)).encoder
    if row.begins not in {RANDOM, IMAGENET}:
        folder = encoders.get(row.begins)
        if folder is None:
            message = f"it goes on with the row {row.begins}, which is not made: make that first"
            raise ModelError(message)
        return load_encoder(folder)
    weights = weights_of(row, files)
    if weights == RANDOM:
        return make_encoder(row.needed_encoder, seed=row_seed(row)).eval()
    return make_encoder(row.needed_encoder, seed=row_seed(row), weights=Path(weights)).eval()


def row_seed(row: Row) -> int:
    """Return the seed of a row's first weights, batches and views."""
    recipe = row.pretrain or row.tune
    return 0 if recipe is None else recipe.seed
