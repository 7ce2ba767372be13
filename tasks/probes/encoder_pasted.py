"""Patches with simulated deformation, for a probe to learn from and never to be judged by."""

from dataclasses import replace
from typing import Final

import numpy as np

from insar_models.encoders.encoder import Encoder
from insar_models.patchfile.file import PatchFile
from insar_models.probes.labelled_rows import QUIET, LabelledRows
from insar_models.probes.linear_probe import LinearProbeSettings
from insar_models.probes.probe import ExtraSamples, held_out_folds
from insar_models.tuning.beginning import FieldData
from insar_models.tuning.grounds import Grounds, sort_grounds
from insar_models.tuning.pasted_features import pasted_features
from insar_models.tuning.recipe import TuneRecipe

_RECIPE: Final = TuneRecipe()
_NONE: Final = np.empty(0, np.int64)
_PASTED_EACH: Final = 8
_FIELD: Final = "field"
"""Group of examples that no judged patch shares ground with."""


def pasted_samples(
    encoder: Encoder,
    corpus: PatchFile,
    learned: LabelledRows,
    count: int,
    settings: LinearProbeSettings,
) -> ExtraSamples:
    """Return features of about `count` quiet patches, half of them with deformation pasted on.

    Each is held out with the ground that it was made of: the quiet patches of a fold would else be
    judged by a probe that has seen them.

    Parameters
    ----------
    encoder
        Set to score.
    corpus, learned
        The quiet patches.
    count
        At least 1; shared among the folds by their quiet patches.
    settings
        Of the probe: its folds, and the seed of what is pasted.

    Raises
    ------
    BadInputError
        If deformation cannot be seen on the quiet patches.
    """
    fold = held_out_folds(learned.labels, learned.groups, settings.most_folds)
    quiet = learned.labels == QUIET
    features, labels, groups = [], [], []
    for number in np.unique(fold[quiet]).tolist():
        here = np.flatnonzero(quiet & (fold == number))
        wanted = max(1, round(count * len(here) / int(quiet.sum())))
        # Sources take time to simulate: all folds together need no more than one does.
        recipe = replace(_RECIPE, sources=min(_RECIPE.sources, wanted))
        seed = settings.seed * (settings.most_folds + 1) + number
        ground = Grounds(learned.rows[here], _NONE, _NONE, _NONE)
        made = pasted_features(encoder, corpus, ground, wanted, seed, recipe=recipe)
        features.append(made.features.astype(np.float64))
        labels.append(made.labels)
        groups += [learned.groups[here[0]]] * len(made.labels)
    return ExtraSamples(np.concatenate(features), np.concatenate(labels), tuple(groups))


def field_samples(
    encoder: Encoder, corpus: PatchFile, field: FieldData, recipe: TuneRecipe, count: int, seed: int
) -> ExtraSamples:
    """Return features of `count` examples as tuning makes them: windows, air, sources and all.

    They are made of the ground that the encoder was tuned on already, so that nothing that judges
    it is learned from. A probe on the labelled patches alone learns where persons have looked.

    Parameters
    ----------
    encoder
        Set to score.
    corpus, field, recipe
        Of the run that tuned the encoder.
    count
        At least 1.
    seed
        Of what is drawn.

    Raises
    ------
    BadInputError
        If a file is missing that the recipe asks for, or deformation cannot be seen.
    """
    ground = sort_grounds(corpus, recipe, field.windows)
    # Each source is pasted several times, always in another place, form and size.
    sources = min(recipe.sources, max(count // _PASTED_EACH, 1))
    own = replace(recipe, sources=sources, labelled=0.0)
    made = pasted_features(encoder, corpus, ground, count, seed + 1, recipe=own, air=field.air)
    groups = (_FIELD,) * len(made.labels)
    return ExtraSamples(made.features.astype(np.float64), made.labels, groups)
