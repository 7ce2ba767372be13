"""Write a scenario as a tree in the layout of the LiCSAR portal, with its truth beside it.

The tree has the two parts of the real portal: rasters in ``LiCSAR_products.public`` and, in
``LiCSAR_products``, one manifest for each pair and date, which links to them by absolute address.
The metadata of a frame (heights, land) are true files in both.
"""

import datetime as dt
import hashlib
import logging
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

import insar_models.simulation
from catalogs.portal.roots import parse_root
from catalogs.rasters import writer as raster_writer
from catalogs.rasters.grid import Grid
from catalogs.rasters.writer import write_geotiff
from catalogs.records import DatePair, FrameId, Product
from fringewatch import numbers
from fringewatch.atomic import disk_errors, write_atomically
from fringewatch.errors import BadInputError
from insar_models.simulation import Scene, SimulatedPair, simulate_pair
from tasks.progress import report_progress
from tasks.scenarios import faults, frame_rasters
from tasks.scenarios.faults import Fault
from tasks.scenarios.frames import ScenarioFrame
from tasks.scenarios.scenario import Scenario, pairs_of_frame
from tasks.scenarios.scenes import scene_of
from tasks.scenarios.truth import SCENARIO_FILE, TRUTH_FOLDER, write_truth

_LOGGER = logging.getLogger(__name__)

_RASTERS: Final = "LiCSAR_products.public"
_MANIFESTS: Final = "LiCSAR_products"
_PAIRS: Final = "interferograms"
_EPOCHS: Final = "epochs"
_METADATA: Final = "metadata"
_FOLDERS: Final = (_PAIRS, _EPOCHS, _METADATA)
_MARK: Final = "recipe.sha256"
_NAME_FILE: Final = Path(TRUTH_FOLDER, SCENARIO_FILE)


@dataclass(frozen=True)
class SimulatedFrame:
    """The pairs of one frame that the portal lists."""

    frame: FrameId
    pairs: tuple[DatePair, ...]
    """Oldest first; without those that a fault has taken away."""


@dataclass(frozen=True)
class SimulatedPortal:
    """A simulated portal, ready to be asked."""

    root: str
    """The address or the folder that holds the track folders: what ``--portal`` takes."""
    frames: tuple[SimulatedFrame, ...]
    written: int
    """Rasters that were not there before."""

    @property
    def pairs(self) -> tuple[DatePair, ...]:
        """Those of all frames, oldest first, each once."""
        return tuple(sorted({pair for frame in self.frames for pair in frame.pairs}))


def write_scenario(scenario: Scenario, tree: Path, base_url: str | None = None) -> SimulatedPortal:
    """Return the portal that `tree` holds once the missing rasters and all manifests are written.

    Rasters that the same recipe has written before are kept: the scene, the pairs and the code that
    simulates and writes them. Another recipe of the same scenario makes them all anew. Manifests
    are always written, because they carry the server's address; the tables of truth come last.

    Parameters
    ----------
    scenario
        What is simulated.
    tree
        An empty or missing folder, or one that this function has filled with a scenario of the
        same name.
    base_url
        Address at which `tree` is served; None: it is read as a folder, and has no manifests.

    Raises
    ------
    BadInputError
        If `base_url` is no plain http address, or `tree` holds a frame that was not simulated, or
        another scenario.
    HomeError
        If the disk is full or cannot be written.
    """
    address = None if base_url is None else parse_root(base_url)
    writers = [_FrameWriter(scenario, frame, tree) for frame in scenario.frames]
    _check_tree(scenario, tree, writers)
    write_atomically(tree / _NAME_FILE, f"{scenario.name}\n".encode())
    _remove_other_frames(tree, {str(writer.frame) for writer in writers})
    total = sum(len(writer.listed) for writer in writers)
    done = written = 0
    for writer in writers:
        writer.prepare()
        written += writer.write_frame_rasters()
        for pair, fault in writer.listed:
            written += writer.write_rasters(pair, fault)
            done += 1
            report_progress("simulate", done, total)
        if address is not None:
            writer.write_manifests(address)
    write_truth(scenario, tree)
    frames = tuple(writer.simulated for writer in writers)
    _LOGGER.info("%d simulated pairs of %s lie in %s", total, scenario.volcano.slug, tree)
    root = str((tree / _RASTERS).resolve()) if address is None else f"{address}/{_MANIFESTS}"
    return SimulatedPortal(root, frames, written)


class _FrameWriter:
    """Writes one frame of a scenario."""

    def __init__(self, scenario: Scenario, frame: ScenarioFrame, tree: Path) -> None:
        self.frame = frame.id
        self.days = frame.acquisitions if scenario.epochs.delays else ()
        self.scene = scene_of(scenario, frame)
        self.grid = scenario.raster_grid
        self.tree = tree
        self.folder = Path(str(frame.id.track), str(frame.id))
        judged = (
            (pair, scenario.faults.fault_of(scenario.seed, frame.id, pair))
            for pair in pairs_of_frame(scenario, frame)
        )
        self.listed = [(pair, fault) for pair, fault in judged if fault is not Fault.MISSING_PAIR]

    @property
    def simulated(self) -> SimulatedFrame:
        return SimulatedFrame(self.frame, tuple(pair for pair, _ in self.listed))

    @property
    def mark(self) -> Path:
        return self.tree / _RASTERS / self.folder / _MARK

    @property
    def listings(self) -> Path:
        """Where the manifests of the frame lie."""
        return self.tree / _MANIFESTS / self.folder

    @property
    def rasters(self) -> Path:
        """Where its rasters lie."""
        return self.tree / _RASTERS / self.folder

    @property
    def folders(self) -> tuple[Path, ...]:
        """All that belongs to the frame, but the mark."""
        return tuple(part / name for part in (self.listings, self.rasters) for name in _FOLDERS)

    def prepare(self) -> None:
        """Leave of the frame only what the same recipe has written."""
        recipe = _recipe(self.scene, self.grid, self.listed, self.days)
        with disk_errors(self.tree):
            if self.mark.is_file() and self.mark.read_text(encoding="utf-8").strip() != recipe:
                _LOGGER.info("the recipe of %s has changed: it is made anew", self.frame)
                # The old mark stays until they are gone: a run killed here just starts over.
                for folder in self.folders:
                    if folder.exists():
                        shutil.rmtree(folder)
        write_atomically(self.mark, f"{recipe}\n".encode())

    def write_rasters(self, pair: DatePair, fault: Fault) -> int:
        """Write what is missing of a pair, and return how many files that was."""
        folder = self.rasters / _PAIRS / str(pair)
        missing = [path for path in _paths(folder, pair, fault).values() if not path.is_file()]
        if not missing:
            return 0
        simulated = simulate_pair(self.scene, pair.primary, pair.secondary)
        _write_pair(folder, pair, fault, simulated, self.grid)
        return len(missing)

    def write_frame_rasters(self) -> int:
        """Write what is missing beside the pairs, and return how many files that was."""
        makers: dict[Path, Callable[[], NDArray[np.generic]]] = {
            self._metadata(frame_rasters.HEIGHT_ENDING): partial(
                frame_rasters.height_raster, self.scene
            ),
            self._metadata(frame_rasters.LAND_ENDING): partial(
                frame_rasters.land_raster, self.scene
            ),
        }
        for day in self.days:
            path = Path(_EPOCHS, f"{day:%Y%m%d}", f"{day:%Y%m%d}{frame_rasters.DELAY_ENDING}")
            makers[path] = partial(frame_rasters.delay_raster, self.scene, day)
        missing = [path for path in makers if not (self.rasters / path).is_file()]
        for path in missing:
            write_geotiff(self.rasters / path, makers[path](), self.grid)
        return len(missing)

    def write_manifests(self, address: str) -> None:
        """Write the links of all pairs and dates, as the server at `address` answers to them."""
        for pair, fault in self.listed:
            names = sorted(path.name for path in _paths(Path(), pair, fault).values())
            self._write_manifest(address, Path(_PAIRS, str(pair)), names)
        for day in self.days:
            names = [f"{day:%Y%m%d}{frame_rasters.DELAY_ENDING}"]
            self._write_manifest(address, Path(_EPOCHS, f"{day:%Y%m%d}"), names)
        for ending in (frame_rasters.HEIGHT_ENDING, frame_rasters.LAND_ENDING):
            path = self._metadata(ending)
            write_atomically(self.listings / path, (self.rasters / path).read_bytes())

    def _metadata(self, ending: str) -> Path:
        return Path(_METADATA, f"{self.frame}{ending}")

    def _write_manifest(self, address: str, place: Path, names: Sequence[str]) -> None:
        url = f"{address}/{_RASTERS}/{self.folder.as_posix()}/{place.as_posix()}"
        text = "".join(f"<a href='{url}/{name}'>{name}</a><br />\n" for name in names)
        write_atomically(self.listings / place, text.encode())


def _paths(folder: Path, pair: DatePair, fault: Fault) -> dict[Product, Path]:
    """Return the files that a pair has; coherence comes first, as the phase is the whole of it."""
    paths = {
        product: folder / f"{pair}{product.ending}" for product in (Product.CC, Product.DIFF_PHA)
    }
    if fault is Fault.MISSING_COHERENCE:
        del paths[Product.CC]
    return paths


def _write_pair(
    folder: Path, pair: DatePair, fault: Fault, simulated: SimulatedPair, grid: Grid
) -> None:
    """Write the files of a pair as its fault leaves them."""
    paths = _paths(folder, pair, fault)
    phase, coherence = simulated.phase_rad, simulated.coherence
    if fault is Fault.BLANK:
        phase, coherence = np.zeros_like(phase), np.zeros_like(coherence)
    if Product.CC in paths:
        write_geotiff(paths[Product.CC], coherence, grid)
    target = paths[Product.DIFF_PHA]
    if fault is not Fault.CUT_FILE:
        write_geotiff(target, phase, grid)
        return
    # Under its own name the file is never whole, so that a run killed here leaves no other fate.
    whole = target.with_suffix(".whole")
    write_geotiff(whole, phase, grid)
    content = whole.read_bytes()
    write_atomically(target, content[: len(content) // 2])
    whole.unlink()


def _check_tree(scenario: Scenario, tree: Path, writers: Sequence[_FrameWriter]) -> None:
    """Refuse a folder that holds something else."""
    name_file = tree / _NAME_FILE
    held = name_file.read_text(encoding="utf-8").strip() if name_file.is_file() else scenario.name
    if held != scenario.name:
        message = f"{tree} holds the scenario {held}, not {scenario.name}: choose another folder"
        raise BadInputError(message)
    for writer in writers:
        if not writer.mark.is_file() and any(folder.exists() for folder in writer.folders):
            message = (
                f"{tree} holds a frame {writer.frame} that was not simulated: choose another folder"
            )
            raise BadInputError(message)


def _remove_other_frames(tree: Path, names: set[str]) -> None:
    """Remove simulated frames that an earlier form of the scenario had."""
    for mark in (tree / _RASTERS).glob(f"*/*/{_MARK}"):
        frame = mark.parent
        if frame.name in names:
            continue
        _LOGGER.info("the scenario has no frame %s any more: it is removed", frame.name)
        with disk_errors(tree):
            shutil.rmtree(tree / _MANIFESTS / frame.parent.name / frame.name, ignore_errors=True)
            # The mark goes last: a run killed here knows the frame for its own.
            for name in _FOLDERS:
                shutil.rmtree(frame / name, ignore_errors=True)
            shutil.rmtree(frame)


def _recipe(
    scene: Scene, grid: Grid, listed: Sequence[tuple[DatePair, Fault]], days: Sequence[dt.date]
) -> str:
    """Hash of everything that decides the bytes of the rasters."""
    pairs, dates = [(str(pair), fault) for pair, fault in listed], [str(day) for day in days]
    digest = hashlib.sha256(f"{scene} {grid} {pairs} {dates}".encode())
    simulation = sorted(Path(str(insar_models.simulation.__file__)).parent.glob("*.py"))
    others = (raster_writer, numbers, faults, frame_rasters)
    for source in (*simulation, *(Path(str(module.__file__)) for module in others)):
        digest.update(source.read_bytes())
    return digest.hexdigest()
