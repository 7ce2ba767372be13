"""A small folder of labelled pictures in the form of the dataset S1."""

import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from insar_models.phase.codes import wrap
from tests.insar_models.fringes import closed_fringes, ramp

SIDE = 64


@dataclass
class Picture:
    """One row of the index and its picture."""

    label: int
    volcano: str
    frame: str
    seed: int
    split: str = "S1/Train"
    kind: str = "crop"
    transposed: str = "0"
    corner: tuple[str, str] = ("1.0", "40.0")

    @property
    def file(self) -> str:
        return f"{self.volcano}_{self.frame}_{self.label}_{self.seed}_{self.kind}.png"

    def levels(self) -> NDArray[np.uint8]:
        """Grey levels: a bump on a ramp, or the ramp alone, with noise."""
        chance = np.random.default_rng(self.seed)
        phase = ramp(chance.uniform(-0.1, 0.1), SIDE) + 0.4 * chance.standard_normal((SIDE, SIDE))
        if self.label:
            phase = phase + closed_fringes(chance.uniform(15, 25), chance.uniform(8, 12), side=SIDE)
        levels: NDArray[np.uint8] = np.rint((wrap(phase) / np.pi + 1) * 127.5).astype(np.uint8)
        return levels

    def row(self) -> dict[str, str]:
        """The row of the index."""
        return {
            "split": self.split,
            "label": str(self.label),
            "file": self.file,
            "volcano": self.volcano,
            "frame": self.frame,
            "d1": "20200101",
            "d2": "20200113",
            "kind": self.kind,
            "transposed": self.transposed,
            "north_lat": self.corner[0],
            "west_lon": self.corner[1],
            "md5_gray": hashlib.md5(self.levels().tobytes()).hexdigest(),  # noqa: S324 - as S1 does
            "packed": f"pictures/{self.file}",
            "extra": "ignored",
        }


COLUMNS = tuple(Picture(0, "any", "any", 0).row())


def small_set() -> list[Picture]:
    """Three areas with deformation and one without, and four pictures to test on."""
    places = [("a", "001A_00001_111111"), ("b", "002A_00002_111111"), ("c", "003D_00003_111111")]
    pictures = [
        Picture(label, volcano, frame, 10 * number + label + 2 * k)
        for number, (volcano, frame) in enumerate(places)
        for label in (0, 1)
        for k in range(4)
    ]
    pictures += [Picture(0, "d", "004D_00004_111111", 100 + k) for k in range(4)]
    pictures += [Picture(k % 2, "a", places[0][1], 200 + k, split="S1/Test") for k in range(2)]
    pictures += [
        Picture(k % 2, "e", "005D_00005_111111", 210 + k, split="S1/Test") for k in range(2)
    ]
    return pictures


def write_index(folder: Path, rows: list[dict[str, str]]) -> None:
    """Write ``index.csv``."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "index.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)


def write_folder(folder: Path, pictures: list[Picture]) -> None:
    """Write the index and the pictures."""
    write_index(folder, [picture.row() for picture in pictures])
    (folder / "pictures").mkdir()
    for picture in pictures:
        Image.fromarray(picture.levels()).save(folder / "pictures" / picture.file)
