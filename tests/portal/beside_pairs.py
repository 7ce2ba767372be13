"""What the portal has of a frame beside its pairs: a folder of metadata, and one of epochs.

Metadata are true files in a true folder of every tree. An epoch is as a pair: a manifest in today's
portal, a folder in the storage behind it. What is archived has left both for the archive.
"""

import re
from collections.abc import Iterable
from http import HTTPStatus
from pathlib import Path
from typing import Protocol

from tests.portal import pages
from tests.portal.replies import Answer

_TREE = r"/LiCSAR_products(?P<tree>\.public|\.future)?/(?P<track>\d+)/(?P<frame>\w+)"
_ARCHIVE = r"/neodc/comet/data/licsar_products/(?P<padded>\d{2,3})/(?P<frame>\w+)"
_FOLDER = re.compile(rf"{_TREE}/(?P<folder>metadata|epochs)(?P<slash>/?)")
_METADATA_FILE = re.compile(rf"{_TREE}/metadata/(?P<name>[\w.-]+)")
_EPOCH = re.compile(rf"{_TREE}/epochs/(?P<date>\d{{8}})(?P<slash>/?)")
_EPOCH_FILE = re.compile(rf"{_TREE}/epochs/(?P<date>\d{{8}})/(?P<name>[\w.-]+)")
_ARCHIVED_FILE = re.compile(rf"{_ARCHIVE}/epochs/(?P<date>\d{{8}})/(?P<name>[\w.-]+)")
_MISSING = Answer(HTTPStatus.NOT_FOUND, b"<html><h1>Not Found</h1></html>\n")


class Shelf(Protocol):
    """What is asked of a stand-in."""

    @property
    def tree(self) -> Path: ...
    @property
    def listing(self) -> pages.Listing: ...
    @property
    def public_url(self) -> str: ...
    @property
    def archive_url(self) -> str: ...
    def archived(self, file_name: str, /) -> bool:
        """Whether a file lies in the archive."""
        ...

    def serve_file(self, file: Path) -> Answer:
        """Return a file as the portal sends it."""
        ...


def answer_beside_pairs(shelf: Shelf, path: str) -> Answer | None:
    """Return what there is at a path beside the pairs; None if it is no such path."""
    for pattern, show in _SHOWS:
        if found := pattern.fullmatch(path):
            return show(shelf, path, found)
    return None


def _show_metadata(shelf: Shelf, path: str, found: re.Match[str]) -> Answer:
    file = _frame(shelf, found) / "metadata" / found["name"]
    return _MISSING if shelf.archived(file.name) else shelf.serve_file(file)


def _show_epoch_file(shelf: Shelf, path: str, found: re.Match[str]) -> Answer:
    file = _frame(shelf, found) / "epochs" / found["date"] / found["name"]
    is_here = found["tree"] == ".public" and not shelf.archived(file.name)
    return shelf.serve_file(file) if is_here else _MISSING


def _show_archived(shelf: Shelf, path: str, found: re.Match[str]) -> Answer:
    track = str(int(found["padded"]))
    if found["padded"] != _pad(track) or not shelf.archived(found["name"]):
        return _MISSING
    folder = shelf.tree / track / found["frame"] / "epochs" / found["date"]
    return shelf.serve_file(folder / found["name"])


def _list_folder(shelf: Shelf, path: str, found: re.Match[str]) -> Answer:
    folder = _frame(shelf, found) / found["folder"]
    if not folder.is_dir():
        return _MISSING
    if not found["slash"]:  # as with pairs: round in a circle
        return Answer(HTTPStatus.MOVED_PERMANENTLY, headers={"Location": path})
    names = _names(folder)
    if found["folder"] == "metadata":
        names = [name for name in names if not shelf.archived(name)]
    elif found["tree"] == ".public":
        names = [f"{name}/" for name in names]
    return Answer(HTTPStatus.OK, shelf.listing(path, names).encode())


def _show_epoch(shelf: Shelf, path: str, found: re.Match[str]) -> Answer:
    folder = _frame(shelf, found) / "epochs" / found["date"]
    is_public = found["tree"] == ".public"
    # A manifest is no folder, and a folder is no manifest.
    if not folder.is_dir() or bool(found["slash"]) != is_public:
        return _MISSING
    names = _names(folder)
    if is_public:
        kept = [name for name in names if not shelf.archived(name)]
        return Answer(HTTPStatus.OK, shelf.listing(path, kept).encode())
    place = f"{found['frame']}/epochs/{found['date']}"
    archive = f"{shelf.archive_url}/{_pad(found['track'])}/{place}"
    storage = f"{shelf.public_url}/{found['track']}/{place}"
    links = (f"{archive if shelf.archived(name) else storage}/{name}" for name in names)
    return Answer(HTTPStatus.OK, pages.manifest(links).encode(), content_type="text/plain")


def _frame(shelf: Shelf, found: re.Match[str]) -> Path:
    return shelf.tree / found["track"] / found["frame"]


def _names(folder: Path) -> list[str]:
    entries: Iterable[Path] = folder.iterdir()
    return sorted(entry.name for entry in entries)


def _pad(track: str) -> str:
    return f"{int(track):02d}"


_SHOWS = (
    (_FOLDER, _list_folder),
    (_METADATA_FILE, _show_metadata),
    (_EPOCH, _show_epoch),
    (_EPOCH_FILE, _show_epoch_file),
    (_ARCHIVED_FILE, _show_archived),
)
