"""Write the demo's portal: a small LiCSAR frame whose interferograms are simulated.

The tree has the two parts of the real portal: rasters in ``LiCSAR_products.public`` and, in
``LiCSAR_products``, one manifest for each pair, which links to them by absolute address.
"""

import datetime as dt
import hashlib
import logging
import shutil
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

import insar_models.simulation
from catalogs import raster_writer
from catalogs.grid import Grid
from catalogs.portal.roots import parse_root
from catalogs.raster_writer import write_geotiff
from catalogs.records import DatePair, FrameId, Product
from fringewatch import numbers
from fringewatch.atomic import disk_errors, write_atomically
from fringewatch.errors import BadInputError
from insar_models.simulation import EPISODE_START, Scene, reykjanes_scene, simulate_pair

_LOGGER = logging.getLogger(__name__)

FRAME: Final = FrameId("155D_02579_100800")
"""The descending frame that sees Fagradalsfjall."""

# Sentinel-1 passed every 6 days. These are the frame's true dates between January and April 2021,
# and all its pairs of 6 and 12 days; source: the Hephaestus annotations (Bountos et al. 2022,
# CVPR workshops, github.com/Orion-AI-Lab/Hephaestus).
_FIRST_PASS: Final = dt.date(2021, 1, 6)
_PASSES: Final = 20
_REPEAT: Final = dt.timedelta(days=6)

_FRAME_FOLDER: Final = Path(str(FRAME.track), str(FRAME))
_RASTERS: Final = "LiCSAR_products.public" / _FRAME_FOLDER / "interferograms"
_MANIFESTS: Final = "LiCSAR_products" / _FRAME_FOLDER / "interferograms"
_MARK: Final = "LiCSAR_products.public" / _FRAME_FOLDER / "recipe.sha256"


@dataclass(frozen=True)
class DemoPortal:
    """A simulated portal, ready to be asked."""

    root: str
    """Address of the folder that holds the track folders: what ``--portal`` takes."""
    frame: FrameId
    pairs: tuple[DatePair, ...]
    """Oldest first."""
    episode_start: dt.date
    """First day of the simulated unrest."""


def demo_pairs() -> tuple[DatePair, ...]:
    """Return the pairs of the demo, 6 and 12 days long, in order of time."""
    passes = [_FIRST_PASS + number * _REPEAT for number in range(_PASSES)]
    short = (DatePair(*dates) for dates in pairwise(passes))
    long = (DatePair(*dates) for dates in zip(passes[:-2], passes[2:], strict=True))
    return tuple(sorted((*short, *long)))


def write_demo_portal(tree: Path, base_url: str) -> DemoPortal:
    """Return the portal that `tree` holds once the missing rasters and all manifests are written.

    Rasters that the same recipe has written before are kept: the scene, the pairs and the code that
    simulates and writes them. Another recipe makes them all anew. Manifests are always written,
    because they carry the server's address.

    Parameters
    ----------
    tree
        An empty or missing folder, or one that this function has filled.
    base_url
        Address at which `tree` is served.

    Raises
    ------
    BadInputError
        If `base_url` is no plain http address, or `tree` holds a frame that is not the demo's own.
    HomeError
        If the disk is full or cannot be written.
    """
    base_url = parse_root(base_url)
    scene, pairs = reykjanes_scene(), demo_pairs()
    rasters, manifests = tree / _RASTERS, tree / _MANIFESTS
    _prepare(tree, _recipe(scene, pairs))
    for pair in pairs:
        _write_rasters(scene, pair, rasters / str(pair))
        address = f"{base_url}/{_RASTERS.as_posix()}/{pair}"
        write_atomically(manifests / str(pair), _manifest(address, pair).encode())
    _LOGGER.info("%d simulated pairs of %s lie in %s", len(pairs), FRAME, tree)
    return DemoPortal(f"{base_url}/LiCSAR_products", FRAME, pairs, EPISODE_START)


def _recipe(scene: Scene, pairs: tuple[DatePair, ...]) -> str:
    """Hash of everything that decides the bytes of the rasters."""
    digest = hashlib.sha256(f"{scene} {' '.join(map(str, pairs))}".encode())
    simulation = sorted(Path(str(insar_models.simulation.__file__)).parent.glob("*.py"))
    for source in (*simulation, Path(raster_writer.__file__), Path(numbers.__file__)):
        digest.update(source.read_bytes())
    return digest.hexdigest()


def _prepare(tree: Path, recipe: str) -> None:
    """Leave of the demo's frame only what `recipe` has written."""
    mark = tree / _MARK
    if not mark.is_file() and any((tree / folder).exists() for folder in (_RASTERS, _MANIFESTS)):
        message = f"{tree} holds a frame {FRAME} that is no demo: choose another folder"
        raise BadInputError(message)
    with disk_errors(tree):
        if mark.is_file() and mark.read_text(encoding="utf-8").strip() != recipe:
            _LOGGER.info("the recipe has changed: the simulated rasters are made anew")
            # The old mark stays until they are gone: a run killed here just starts over.
            for folder in (tree / _MANIFESTS, tree / _RASTERS):
                if folder.exists():
                    shutil.rmtree(folder)
    write_atomically(mark, f"{recipe}\n".encode())


def _write_rasters(scene: Scene, pair: DatePair, folder: Path) -> None:
    phase_path, coherence_path = (
        folder / f"{pair}{product.ending}" for product in (Product.DIFF_PHA, Product.CC)
    )
    if phase_path.is_file() and coherence_path.is_file():
        return
    simulated = simulate_pair(scene, pair.primary, pair.secondary)
    ground = scene.grid
    step = ground.step_degrees
    grid = Grid(ground.west, ground.north, step, step, ground.width, ground.height)
    write_geotiff(phase_path, simulated.phase_rad, grid)
    write_geotiff(coherence_path, simulated.coherence, grid)


def _manifest(address: str, pair: DatePair) -> str:
    """Return the links of one pair in the bytes of LiCSAR's own manifests."""
    names = sorted(f"{pair}{product.ending}" for product in Product)
    return "".join(f"<a href='{address}/{name}'>{name}</a><br />\n" for name in names)
