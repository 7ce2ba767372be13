"""The scene that a frame of a scenario sees."""

import dataclasses

from insar_models.simulation.scene import Scene
from tasks.scenarios.frames import ScenarioFrame
from tasks.scenarios.scenario import Scenario


def scene_of(scenario: Scenario, frame: ScenarioFrame, *, seed: int | None = None) -> Scene:
    """Return the scene of one frame.

    Parameters
    ----------
    scenario
        All its frames see the same ground, each through air and noise of its own.
    frame
        One of the scenario's.
    seed
        Instead of the scenario's own: another ground, other weather and noise, the same episodes.
    """
    processing = scenario.processing
    if frame.footprint is not None:
        processing = dataclasses.replace(processing, footprint=frame.footprint)
    return Scene(
        grid=scenario.grid,
        sight=frame.sight,
        episodes=scenario.episodes,
        ground=scenario.ground,
        weather=scenario.weather,
        coherence=scenario.coherence,
        processing=processing,
        seed=scenario.seed if seed is None else seed,
        track=str(frame.id),
    )
