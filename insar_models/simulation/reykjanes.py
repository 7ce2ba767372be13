"""The unrest of Fagradalsfjall (Reykjanes, Iceland) in early 2021, as a simulated scene.

Place and time are the true ones: a dyke of some 9 km between Keilir and Fagradalsfjall that began
with the M5.7 earthquake of 2021-02-24, came within 1 km of the surface, and slowed down until the
eruption of 2021-03-19 (Sigmundsson et al. 2022, Nature, doi 10.1038/s41586-022-05083-4; Icelandic
Met Office, 2021-03-08). Its lower edge, opening and decay are round numbers of a plausible size,
34 million cubic metres in all, set so that a simple detector sees the first pairs: nothing was
fitted to measurements, and the shear and the earthquakes of those weeks are left out. What a
detector makes of this scene says that the chain works, not how good it is.
"""

import datetime as dt

from insar_models.simulation.episode import Episode
from insar_models.simulation.geometry import GroundGrid, LineOfSight, Outline
from insar_models.simulation.ground import Ground
from insar_models.simulation.land_coherence import LandCoherence
from insar_models.simulation.processing import Processing
from insar_models.simulation.scene import Scene
from insar_models.simulation.sources import dyke
from insar_models.simulation.terrain import Terrain
from insar_models.simulation.time_courses import ExponentialInflation

EPISODE_START = dt.date(2021, 2, 24)
"""First day of the intrusion."""

ERUPTION_START = dt.date(2021, 3, 19)
"""Last day of the intrusion."""

# The origin lies off the round degrees, as LiCSAR's do. Round the volcano there is room on all
# sides for its window of 0.5 degrees.
_GRID = GroundGrid(west=-22.6205, north=64.2051667, step_degrees=0.001, width=700, height=620)

# Heading of frame 155D_02579_100800 (COMET); incidence at its western edge, where the volcano is.
_SIGHT = LineOfSight(heading_degrees=-167.83, incidence_degrees=39.0)

_DYKE = Episode(
    name="dyke of Fagradalsfjall",
    source=dyke(
        place=(-22.229, 63.909),
        depths_m=(1_000.0, 5_000.0),
        strike_degrees=37.0,
        length_m=9_000.0,
        opening_m=0.95,
    ),
    course=ExponentialInflation(start=EPISODE_START, stop=ERUPTION_START, decay_days=9.0),
)

# Set by hand, good to about a kilometre: south coast eastwards, then back along the north coast.
_COASTLINE: Outline = (
    (-22.700, 63.810), (-22.610, 63.828), (-22.520, 63.832), (-22.440, 63.832), (-22.400, 63.846),
    (-22.340, 63.855), (-22.290, 63.847), (-22.240, 63.838), (-22.150, 63.840), (-22.070, 63.829),
    (-21.960, 63.836), (-21.860, 63.856), (-21.640, 63.822), (-21.400, 63.850), (-21.400, 64.170),
    (-22.020, 64.165), (-21.940, 64.125), (-22.030, 64.110), (-21.965, 64.072), (-22.045, 64.043),
    (-22.175, 64.010), (-22.260, 64.022), (-22.330, 64.017), (-22.395, 63.985), (-22.460, 63.990),
    (-22.520, 63.974), (-22.555, 64.005), (-22.690, 64.083), (-22.755, 63.970), (-22.740, 63.880),
)  # fmt: skip

# The image's box turns with the flight; it leaves out the corners of the raster.
_FOOTPRINT: Outline = (
    (-22.5300, 64.2500), (-21.8400, 64.1800), (-22.0200, 63.5500), (-22.7200, 63.6200),
)  # fmt: skip


def reykjanes_scene(seed: int = 2021) -> Scene:
    """Return the scene of frame 155D_02579_100800 round Fagradalsfjall.

    The ground is at rest before EPISODE_START and after ERUPTION_START.
    """
    return Scene(
        grid=_GRID,
        sight=_SIGHT,
        episodes=(_DYKE,),
        ground=Ground(
            coastline=_COASTLINE,
            terrain=Terrain(base_m=130.0, roughness_m=60.0),
            bare_share=0.7,
        ),
        coherence=LandCoherence(grown=0.4, lasting=0.05),
        processing=Processing(footprint=_FOOTPRINT),
        seed=seed,
    )
