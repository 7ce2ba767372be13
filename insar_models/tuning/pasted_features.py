"""Features of quiet patches with and without simulated deformation: more to train a probe on."""

import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from fringewatch.errors import BadInputError
from insar_models.encoders.encoder import Encoder
from insar_models.patchfile.air_file import Air
from insar_models.patchfile.file import PatchFile
from insar_models.simulation.source_pool import make_pool
from insar_models.tuning.examples import ExampleMaker
from insar_models.tuning.grounds import Grounds
from insar_models.tuning.recipe import TuneRecipe

_POOL_SIDES: Final = 1.5
_BATCH: Final = 64


@dataclass(frozen=True, eq=False)
class PastedFeatures:
    """Rows to learn from that no person labelled."""

    features: NDArray[np.float32]
    """Shape (n, dimension)."""
    labels: NDArray[np.int64]
    """Shape (n,): 1 deforms."""


@torch.no_grad()
def pasted_features(  # noqa: PLR0913 - what is drawn from what, and how
    encoder: Encoder,
    corpus: PatchFile,
    ground: Grounds,
    count: int,
    seed: int,
    *,
    recipe: TuneRecipe | None = None,
    air: Air | None = None,
) -> PastedFeatures:
    """Return features of `count` patches, about half of them with pasted deformation.

    Parameters
    ----------
    encoder
        Set to score, on the CPU or a GPU.
    corpus
        Of the patches.
    ground
        Quiet patches, and windows where the recipe has them; each patch may come several times,
        never twice alike.
    count
        Patches wanted; those whose deformation cannot be seen do not count.
    seed
        From 0; the same gives the same features.
    recipe
        What is done to patches of both classes, and how large deformation is; the default if None.
    air
        Relief and delays, where the recipe asks for them.

    Raises
    ------
    BadInputError
        If there are no quiet rows, the count is below 1, or no deformation can be seen on them.
    """
    quiet = ground.quiet
    if not quiet.size or count < 1:
        message = (
            f"{count} patches cannot be pasted on {quiet.size} quiet ones: give one of each or more"
        )
        raise BadInputError(message)
    recipe = replace(recipe or TuneRecipe(), seed=seed, batch_size=_BATCH)
    size = math.ceil(encoder.spec.size * _POOL_SIDES)
    pool = make_pool(recipe.sources, seed, size=size, spacing_m=recipe.spacing_m)
    maker = ExampleMaker(corpus, ground, encoder.spec, recipe, pool, air)
    device = next(encoder.parameters()).device
    features, labels, found, step = [], [], 0, 0
    while found < count:
        examples = maker.of_step(step, device)
        step += 1
        usable = examples.weights > 0
        seen = encoder(examples.inputs[usable].contiguous(memory_format=torch.channels_last))
        features.append(seen.float().cpu().numpy())
        labels.append(examples.labels[usable].cpu().numpy().astype(np.int64))
        found += len(labels[-1])
    if not any(some.any() for some in labels):
        message = (
            f"deformation cannot be seen on the {quiet.size} quiet patches of {corpus.path}: they "
            "are all noise; leave pasting out, or build a corpus of coherent ground"
        )
        raise BadInputError(message)
    return PastedFeatures(np.concatenate(features)[:count], np.concatenate(labels)[:count])
