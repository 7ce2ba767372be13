"""Interferograms of a known source under a known atmosphere: numpy only, repeatable by seed."""

from insar_models.simulation.reykjanes import EPISODE_START, ERUPTION_START, reykjanes_scene
from insar_models.simulation.scene import (
    Scene,
    SimulatedPair,
    noise_free_phase_rad,
    range_change_m,
    simulate_pair,
)

__all__ = [
    "EPISODE_START",
    "ERUPTION_START",
    "Scene",
    "SimulatedPair",
    "noise_free_phase_rad",
    "range_change_m",
    "reykjanes_scene",
    "simulate_pair",
]
