"""Write a patch set: grey pictures in the class folders ``0`` and ``1``, with a table of truth."""

import hashlib
import io
import logging
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import insar_models.simulation
from fringewatch.atomic import disk_errors, write_atomically
from fringewatch.errors import BadInputError
from insar_models.simulation import simulate_pair
from tasks.progress import report_progress
from tasks.scenarios.patch_scenario import PatchScenario
from tasks.scenarios.patch_scene import PatchScene, patch_scene
from tasks.scenarios.truth import write_table

_LOGGER = logging.getLogger(__name__)

TRUTH_FILE: Final = "truth.csv"
_MARK: Final = "recipe.sha256"
_HEADER: Final = (
    "file", "label", "kind", "peak_m", "row", "column", "footprint_pixels", "number",
    "primary_date", "secondary_date", "heading_degrees", "incidence_degrees", "latitude",
)  # fmt: skip


@dataclass(frozen=True)
class PatchSet:
    """A folder of labelled pictures: what ``fringewatch evaluate --images`` takes."""

    folder: Path
    positives: int
    negatives: int
    written: int
    """Pictures that were not there before."""


def write_patches(scenario: PatchScenario, folder: Path) -> PatchSet:
    """Return the set that `folder` holds once the missing pictures and the table are written.

    Pictures that the same recipe has written before are kept; another recipe makes them all anew.
    Pictures are linear in phase: 0 to 255 is -pi to pi.

    Raises
    ------
    BadInputError
        If `folder` holds class folders that were not simulated, or no source fits.
    HomeError
        If the disk is full or cannot be written.
    """
    recipe = scenario.patches
    _prepare(scenario, folder)
    rows: list[tuple[object, ...]] = []
    written = 0
    for number in range(recipe.count):
        drawn = patch_scene(scenario, number)
        for label in _labels(scenario, number):
            path = folder / str(label) / f"{number:06d}.png"
            if not path.is_file():
                write_atomically(path, _png(_picture(drawn, label)))
                written += 1
            rows.append(_row(drawn, label, number, path.relative_to(folder)))
        report_progress("simulate", number + 1, recipe.count)
    write_table(folder / TRUTH_FILE, _HEADER, sorted(rows, key=lambda row: str(row[0])))
    _LOGGER.info("%d simulated patches lie in %s", len(rows), folder)
    return PatchSet(folder, recipe.positives, recipe.negatives, written)


def _labels(scenario: PatchScenario, number: int) -> Iterator[int]:
    if number < scenario.patches.negatives:
        yield 0
    if number < scenario.patches.positives:
        yield 1


def _picture(drawn: PatchScene, label: int) -> NDArray[np.uint8]:
    scene = drawn.moving if label else drawn.still
    phase = simulate_pair(scene, drawn.pair.primary, drawn.pair.secondary).phase_rad
    grey: NDArray[np.uint8] = np.rint((phase + np.pi) * (255 / (2 * np.pi))).astype(np.uint8)
    return grey


def _png(grey: NDArray[np.uint8]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, "PNG")
    return buffer.getvalue()


def _row(drawn: PatchScene, label: int, number: int, path: Path) -> tuple[object, ...]:
    """The row of one picture in the table of truth."""
    sight, grid = drawn.still.sight, drawn.still.grid
    radius = f"{drawn.footprint_pixels:.1f}"
    moved = (drawn.kind, f"{drawn.peak_m:.5f}", drawn.row, drawn.column, radius)
    return (
        path.as_posix(),
        label,
        *(moved if label else ("", "0", "", "", "")),
        number,
        drawn.pair.primary,
        drawn.pair.secondary,
        f"{sight.heading_degrees:g}",
        f"{sight.incidence_degrees:.2f}",
        f"{grid.north - grid.step_degrees * grid.height / 2:.3f}",
    )


def _prepare(scenario: PatchScenario, folder: Path) -> None:
    """Leave in the folder only what the same recipe has written."""
    mark = folder / _MARK
    classes = [folder / label for label in ("0", "1")]
    if not mark.is_file() and any(path.exists() for path in classes):
        message = f"{folder} holds pictures that were not simulated: choose another folder"
        raise BadInputError(message)
    recipe = _recipe(scenario)
    with disk_errors(folder):
        if mark.is_file() and mark.read_text(encoding="utf-8").strip() != recipe:
            _LOGGER.info("the recipe has changed: the pictures are made anew")
            # The old mark stays until they are gone: a run killed here just starts over.
            for path in classes:
                if path.exists():
                    shutil.rmtree(path)
    write_atomically(mark, f"{recipe}\n".encode())


def _recipe(scenario: PatchScenario) -> str:
    """Hash of everything that decides the bytes of the pictures."""
    digest = hashlib.sha256(str(scenario).encode())
    simulation = sorted(Path(str(insar_models.simulation.__file__)).parent.glob("*.py"))
    for source in (*simulation, Path(__file__), Path(__file__).with_name("patch_scene.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()
