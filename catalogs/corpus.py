"""Corpora: immutable versions of a store of patches, and the name of the one in use.

``corpora/<name>/<version>.zarr`` is written once, under another name until it is whole;
``corpora/<name>/current`` holds the version in use, and is replaced in one step.
"""

import re
import shutil
import warnings
from pathlib import Path

import xarray as xr

from fringewatch.atomic import disk_errors, sync_file, write_atomically
from fringewatch.errors import BadInputError, StoreError

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
PATCHES_IN_A_CHUNK = 64
"""About 3 MB before compression: few files in a corpus, little waste in a random batch."""


def corpus_folder(corpora: Path, name: str) -> Path:
    """Return the folder of a corpus.

    Raises
    ------
    BadInputError
        If the name is no plain word of lower-case letters, digits and hyphens.
    """
    if not _NAME.fullmatch(name):
        message = (
            f"'{name}' cannot name a corpus: use up to 64 lower-case letters, digits and hyphens"
        )
        raise BadInputError(message)
    return corpora / name


def publish_corpus(folder: Path, version: str, patches: xr.Dataset) -> Path:
    """Write a version of a corpus, unless it is there already, and make it the current one.

    Parameters
    ----------
    folder
        From `corpus_folder`.
    version
        A name that only this content has.
    patches
        With the dimension ``patch``; lazy arrays are computed while they are written.

    Raises
    ------
    HomeError
        If the disk is full or cannot be written; the current version stays what it was.
    """
    path = folder / f"{version}.zarr"
    if not path.exists():
        unfinished = folder / f".{version}.zarr.new"
        with disk_errors(path):
            shutil.rmtree(unfinished, ignore_errors=True)
            folder.mkdir(parents=True, exist_ok=True)
            with warnings.catch_warnings():
                # As for cubes: one small file of metadata, which other readers may ignore.
                warnings.filterwarnings("ignore", message="Consolidated metadata")
                patches.to_zarr(unfinished, zarr_format=3, consolidated=True)
            unfinished.rename(path)
            sync_file(folder)
    write_atomically(folder / "current", f"{version}\n".encode())
    return path


def current_corpus(folder: Path) -> Path:
    """Return the version of a corpus that is in use.

    Raises
    ------
    StoreError
        If the corpus was never built, or its pointer names a version that is gone.
    """
    pointer = folder / "current"
    if not pointer.is_file():
        message = f"there is no corpus at {folder}: build it with `fringewatch corpus build`"
        raise StoreError(message)
    path = folder / f"{pointer.read_text().strip()}.zarr"
    if not path.is_dir():
        message = f"{pointer} names {path.name}, which is gone: build the corpus again"
        raise StoreError(message)
    return path
