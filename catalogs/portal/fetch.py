"""Bring one file: hash it on the way, check it, and only then let it appear under its name."""

import contextlib
import dataclasses
import datetime as dt
import email.utils
import hashlib
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final

import requests

from catalogs.portal.answers import CutAnswerError, ask
from catalogs.portal.session import PortalSession
from catalogs.records import RemoteFile
from fringewatch.atomic import disk_errors, sync_file
from fringewatch.errors import CorruptProductError

logger = logging.getLogger(__name__)

CHUNK_BYTES: Final = 1 << 18

TIFF_STARTS: Final = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
"""First four bytes of a TIFF: little- and big-endian, classic and BigTIFF."""

_QUOTED_BYTES: Final = 80

# A compressed transfer would make Content-Length the length of something else than the file.
_HEADERS: Final = {"Accept-Encoding": "identity"}


@dataclasses.dataclass(frozen=True)
class FetchedFile:
    """A file that came whole, with what is needed to tell later whether it changed upstream."""

    path: Path
    size: int
    """Bytes."""
    sha256: str
    last_modified: dt.datetime | None
    """UTC, as the server says; None where it does not."""
    url: str
    """The address that was asked."""


def fetch_file(
    session: PortalSession,
    remote: RemoteFile,
    destination: Path,
    check: Callable[[Path], None],
) -> FetchedFile:
    """Return the file at `destination`, which is whole and has passed `check`.

    It is written to ``<destination>.part`` and renamed at the end, both synchronised to the disk.
    When anything fails, the part is removed and an older file at `destination` stays as it was.

    Parameters
    ----------
    session : PortalSession
        Made by `make_session`.
    remote : RemoteFile
        What to bring.
    destination : Path
        Where it goes; missing folders are made.
    check : callable
        Gets the path of the part and raises `CorruptProductError` if it does not decode.

    Raises
    ------
    MissingProductError
        If the server says that it is not there (404, 410).
    SourceUnavailableError
        If there is no answer, a server error, or a connection that breaks, after all repetitions.
    CorruptProductError
        If the file is empty, came shorter than announced each time, is no TIFF, or fails `check`.
    HomeError
        If it cannot be written: the disk is full, read-only or out of order.
    """
    part = destination.with_name(f"{destination.name}.part")
    try:
        fetched = ask(
            session, remote.url, lambda response: _store(response, remote, part), _HEADERS
        )
        _refuse_other_than_tiff(fetched)
        check(part)
        with disk_errors(destination):
            sync_file(part)
            part.replace(destination)
            sync_file(destination.parent)
    except CutAnswerError as error:
        raise CorruptProductError(str(error)) from error
    finally:
        # A part that cannot be removed does no harm: the next fetch writes over it.
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
    logger.info("fetched %s, %d bytes", remote.url, fetched.size)
    return dataclasses.replace(fetched, path=destination)


def _store(response: requests.Response, remote: RemoteFile, part: Path) -> FetchedFile:
    # urllib3 counts the body against Content-Length and raises when it ends early.
    digest = hashlib.sha256()
    size = 0
    with disk_errors(part):
        part.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            for chunk in response.iter_content(CHUNK_BYTES):
                digest.update(chunk)
                size += file.write(chunk)
    changed = _parse_time(response.headers.get("Last-Modified"))
    return FetchedFile(part, size, digest.hexdigest(), changed, remote.url)


def _refuse_other_than_tiff(fetched: FetchedFile) -> None:
    with disk_errors(fetched.path), fetched.path.open("rb") as file:
        start = file.read(_QUOTED_BYTES)
    if not start:
        message = f"{fetched.url} came with zero bytes"
        raise CorruptProductError(message)
    if not start.startswith(TIFF_STARTS):
        quoted = " ".join(start.decode("utf-8", errors="replace").split())
        message = f"{fetched.url} is no TIFF (a page of the server?): it starts with {quoted!r}"
        raise CorruptProductError(message)


def _parse_time(header: str | None) -> dt.datetime | None:
    if header is None:
        return None
    try:
        time = email.utils.parsedate_to_datetime(header)
        # Without a zone it is UTC: HTTP knows no other.
        return time.replace(tzinfo=dt.UTC) if time.tzinfo is None else time.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None
