"""Interferogram pictures on disk: one file, a folder, and a folder with labels.

A picture may come from anywhere (a portal's quicklook, a paper's dataset, a colleague), so every
file is suspect: it is told by its content, not by its name, and a file that cannot be read is
named with the reason, while the others go on.
"""

import struct
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from fringewatch.errors import BadInputError, ImageError

PICTURE_SUFFIXES: Final = frozenset({".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff"})
"""Endings, in lower case, of the files that are taken for pictures."""

CLASS_FOLDERS: Final = {"0": 0, "1": 1}
"""Sub-folders of a labelled folder, and the label each stands for (1 = ground deformation)."""

LARGEST_PICTURE_PIXELS: Final = 50_000_000
"""A LiCSAR frame has 10 million pixels at full resolution; more is a mistake or an attack."""

_FORMATS = ("PNG", "JPEG", "WEBP", "TIFF")
_MODES = {"L": "L", "RGB": "RGB", "RGBA": "RGBA", "LA": "RGBA", "P": "RGB", "PA": "RGBA"}
_RADIANS_MODE = "F"
_WRAPPED_LIMIT_RAD = 3.2  # LiCSAR's palette itself reaches to 3.2
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, LookupError, struct.error)
"""What Pillow's readers raise on damaged files, by format."""


@dataclass(frozen=True, order=True)
class LabelledPicture:
    """A picture and what a person said about it."""

    path: Path
    label: int
    """1 = ground deformation, 0 = none."""


@dataclass(frozen=True, order=True)
class SkippedFile:
    """A file that was left out, and why."""

    path: Path
    reason: str


@dataclass(frozen=True)
class LabelledFolder:
    """What a folder with the class folders `0/` and `1/` holds."""

    pictures: tuple[LabelledPicture, ...]
    """Sorted by class folder, then by name."""
    skipped: tuple[SkippedFile, ...]
    """Files in the class folders that are no pictures by their names."""


def read_picture(path: Path) -> NDArray[np.uint8]:
    """Pixels of a PNG, JPEG, WebP or TIFF file.

    Parameters
    ----------
    path
        The file; its content decides on the format, not its ending.

    Returns
    -------
    numpy.ndarray
        uint8, (H, W) for grey, (H, W, 3) for RGB, (H, W, 4) where there is transparency. A TIFF
        of floating-point numbers is wrapped phase in radians, which becomes grey (0 to 255 is -pi
        to pi) with transparency where it is 0 or not finite: no data, as in LiCSAR's files.

    Raises
    ------
    ImageError
        If there is no such file, it is no picture, is cut or damaged, is absurdly large, or
        stores its pixels in a way that does not say what they mean.
    """
    if not path.is_file():
        message = f"{path}: there is no such file"
        raise ImageError(message)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about sizes, checked here, and about odd metadata
            return _read(path)
    except Image.DecompressionBombError as error:
        message = _too_large(path, str(error))
        raise ImageError(message) from error
    except UnidentifiedImageError as error:
        message = f"{path}: not a picture, whatever its name: give a PNG, JPEG, WebP or TIFF file"
        raise ImageError(message) from error
    except _BROKEN as error:
        message = f"{path}: cut or damaged ({error}): fetch or save it again"
        raise ImageError(message) from error


def list_pictures(folder: Path) -> tuple[Path, ...]:
    """Picture files of a folder by their endings, sorted by name; hidden files are none.

    Raises
    ------
    BadInputError
        If `folder` is no folder.
    """
    return tuple(path for path in _files(folder) if path.suffix.lower() in PICTURE_SUFFIXES)


def read_labelled_folder(directory: Path) -> LabelledFolder:
    """Pictures of a folder that holds one sub-folder for each class, `0/` and `1/`.

    Raises
    ------
    BadInputError
        If the folder or one of its class folders is missing or holds no picture.
    """
    pictures: list[LabelledPicture] = []
    skipped: list[SkippedFile] = []
    for name, label in CLASS_FOLDERS.items():
        folder = directory / name
        found = list_pictures(folder) if folder.is_dir() else ()
        if not found:
            state = "holds no picture" if folder.is_dir() else "is missing"
            message = (
                f"{folder} {state}: expected {directory} to hold the folders 0 (no deformation) "
                f"and 1 (deformation) with {', '.join(sorted(PICTURE_SUFFIXES))} files in each"
            )
            raise BadInputError(message)
        pictures += [LabelledPicture(path, label) for path in found]
        skipped += [
            SkippedFile(path, f"not a picture by its ending '{path.suffix}'")
            for path in _files(folder)
            if path not in found
        ]
    return LabelledFolder(tuple(pictures), tuple(skipped))


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        message = f"{folder} is not a folder"
        raise BadInputError(message)
    return sorted(p for p in folder.iterdir() if p.is_file() and not p.name.startswith("."))


def _read(path: Path) -> NDArray[np.uint8]:
    """Pixels of an existing file; raises what Pillow raises, and ImageError."""
    with Image.open(path, formats=_FORMATS) as image:
        width, height = image.size
        if width * height > LARGEST_PICTURE_PIXELS:
            raise ImageError(_too_large(path, f"{width} x {height} pixels"))
        if image.mode == _RADIANS_MODE:
            return _grey_of_radians(np.asarray(image), path)
        if image.mode not in _MODES:
            message = (
                f"{path}: its pixels are of Pillow's mode '{image.mode}', which does not say what "
                "phase they mean: give 8-bit grey or colour, or a float TIFF of radians"
            )
            raise ImageError(message)
        mode = "RGBA" if "transparency" in image.info else _MODES[image.mode]
        return np.array(image.convert(mode), dtype=np.uint8)


def _grey_of_radians(phase_rad: NDArray[np.float32], path: Path) -> NDArray[np.uint8]:
    """Grey and transparency, uint8 (H, W, 4), of wrapped phase, float (H, W)."""
    valid = np.isfinite(phase_rad) & (phase_rad != 0.0)
    largest = float(np.abs(phase_rad[valid]).max(initial=0.0))
    if largest > _WRAPPED_LIMIT_RAD:
        message = (
            f"{path}: a float TIFF must hold wrapped phase in radians, -pi to pi, "
            f"but the largest value is {largest:.4g}: is it unwrapped, or another product?"
        )
        raise ImageError(message)
    if not valid.any():
        message = f"{path}: every pixel is 0 or not finite: there is no data in it"
        raise ImageError(message)
    share = np.clip((np.where(valid, phase_rad, 0.0) + np.pi) / (2.0 * np.pi), 0.0, 1.0)
    grey = np.rint(share * 255.0).astype(np.uint8)
    return np.stack([grey, grey, grey, np.where(valid, 255, 0).astype(np.uint8)], axis=-1)


def _too_large(path: Path, size: str) -> str:
    return (
        f"{path}: too large to be an interferogram picture ({size}; "
        f"at most {LARGEST_PICTURE_PIXELS:,} pixels): crop or shrink it"
    )
