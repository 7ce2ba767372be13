"""Interferograms of known sources under a known atmosphere: numpy and scipy, repeatable by seed."""

from insar_models.simulation.episode import Episode
from insar_models.simulation.ground import Ground
from insar_models.simulation.land_coherence import LandCoherence, Winter
from insar_models.simulation.pair_phase import SimulatedPair, noise_free_phase_rad, simulate_pair
from insar_models.simulation.processing import Processing
from insar_models.simulation.scene import Scene, deformation_m
from insar_models.simulation.weather import Weather

__all__ = [
    "Episode",
    "Ground",
    "LandCoherence",
    "Processing",
    "Scene",
    "SimulatedPair",
    "Weather",
    "Winter",
    "deformation_m",
    "noise_free_phase_rad",
    "simulate_pair",
]
