"""Coherence of the ground over a pair's time, before fringes take their share."""

import datetime as dt

import numpy as np
from numpy.typing import NDArray

from insar_models.simulation.lava import lava_coherence
from insar_models.simulation.scene import Scene
from insar_models.simulation.streams import Stream

_BARE_SHELTER = 0.85  # of a bad day's loss that bare rock is spared


def pair_coherence(scene: Scene, primary: dt.date, secondary: dt.date) -> NDArray[np.float32]:
    """Coherence of a pair, 0 to 1; float32, shape (H, W), 0 over sea."""
    ground, recipe = scene.ground_fields, scene.coherence
    coherence = recipe.kept(ground.bareness, (secondary - primary).days)
    exposed = 1 - np.float32(_BARE_SHELTER) * ground.bareness
    for day in (primary, secondary):
        generator = scene.generator(Stream.DAY, day)
        badness = generator.random() ** 3  # most days are good
        coherence *= 1 - np.float32((1 - recipe.worst_day) * badness) * exposed
        if recipe.winter.loss > 0:
            snow = recipe.winter.snow(ground.heights_m, day, generator.standard_normal())
            coherence *= 1 - np.float32(recipe.winter.loss) * snow
    for flow, covered in zip(scene.ground.lava, ground.covered_on, strict=True):
        coherence *= lava_coherence(covered, flow.settling_days, primary, secondary)
    coherence[~ground.is_land] = 0
    return coherence
