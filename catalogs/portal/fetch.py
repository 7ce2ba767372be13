"""Bring one file: go on where an earlier try stopped, check it, and only then give it its name."""

import datetime as dt
import logging
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import sleep
from typing import Final

import requests

from catalogs.portal.answers import OK_ONLY, open_answer
from catalogs.portal.bodies import CHUNK_BYTES, BrokenBodyError, CutAnswerError, body_chunks
from catalogs.portal.causes import describe
from catalogs.portal.file_version import FileVersion
from catalogs.portal.folder import copy_from_folder, is_folder_url
from catalogs.portal.partial_file import PartialFile
from catalogs.portal.patience import backoff_s
from catalogs.portal.session import PortalSession
from catalogs.records import RemoteFile, RemoteFrameFile
from fringewatch.atomic import disk_errors, sync_file
from fringewatch.errors import CorruptProductError, FringewatchError, SourceUnavailableError

logger = logging.getLogger(__name__)

TIFF_STARTS: Final = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
"""First four bytes of a TIFF: little- and big-endian, classic and BigTIFF."""

_QUOTED_BYTES: Final = 80

# A compressed transfer would make Content-Length the length of something else than the file.
_HEADERS: Final = {"Accept-Encoding": "identity"}

_PARTIAL_CONTENT: Final = 206
_RANGE_REFUSED: Final = 416
_CONTENT_RANGE: Final = re.compile(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18})")

_LENGTH: Final = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True)
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
    remote: RemoteFile | RemoteFrameFile,
    destination: Path,
    check: Callable[[Path], None],
) -> FetchedFile:
    """Return the file at `destination`, which is whole and has passed `check`.

    It is written to ``<destination>.part`` and renamed at the end, both synchronised to the disk;
    an older file at `destination` stays until then. When the source fails, or the process is
    killed, the part stays, and the next fetch asks only for the rest, if the server can tell that
    the file has not changed in between. When the file itself is bad, the part is removed.

    Parameters
    ----------
    session : PortalSession
        Made by `make_session`.
    remote : RemoteFile
        What to bring; its address may also be one of a folder of this machine (``file:``).
    destination : Path
        Where it goes; missing folders are made.
    check : callable
        Gets the path of the part and raises `CorruptProductError` if it does not decode.

    Raises
    ------
    MissingProductError
        If the server says that it is not there (404, 410).
    SourceUnavailableError
        If there is no answer, a server error, or a connection that breaks, after all repetitions;
        a `TooSlowError` or a `HostPausedError` at once.
    CorruptProductError
        If the file is empty, ends before the announced length each time, is larger than the
        settings allow, is no TIFF, or fails `check`.
    HomeError
        If it cannot be written: the disk is full, read-only or out of order.
    """
    part = PartialFile(destination)
    try:
        last_modified = _fill(session, remote, part, check)
        fetched = FetchedFile(destination, part.size(), part.sha256(), last_modified, remote.url)
        with disk_errors(destination):
            if last_modified is not None:
                # The file itself remembers its version, should this process end here.
                os.utime(part.path, (last_modified.timestamp(),) * 2)
            sync_file(part.path)
            part.take_name(destination)
            sync_file(destination.parent)
    except FringewatchError as error:
        # What came before the source failed is good to go on from.
        if not isinstance(error, SourceUnavailableError) or part.size() == 0:
            part.remove()
        raise
    logger.info("fetched %s, %d bytes", remote.url, fetched.size)
    return fetched


def _fill(
    session: PortalSession,
    remote: RemoteFile | RemoteFrameFile,
    part: PartialFile,
    check: Callable[[Path], None],
) -> dt.datetime | None:
    """Fill `part` with a whole file that passes `check`; return when it changed at its source."""
    is_from_before = part.version(remote.url) is not None
    last_modified = (
        copy_from_folder(remote.url, part)
        if is_folder_url(remote.url)
        else _bring(session, remote.url, part)
    )
    try:
        _refuse_other_than_tiff(remote.url, part.path)
        check(part.path)
    except CorruptProductError:
        if not is_from_before:
            raise
        # A power cut may have spoilt what an earlier run had left: that is not the file's fault.
        logger.warning("%s, brought in two runs, is damaged: bringing it anew", remote.url)
        part.remove()
        return _fill(session, remote, part, check)
    return last_modified


def _bring(session: PortalSession, url: str, part: PartialFile) -> dt.datetime | None:
    """Fill `part` with the whole file; return when the server says that it changed."""
    most = part.size()
    fruitless = restarts = 0
    while True:
        try:
            version = _go_on(session, url, part)
        except BrokenBodyError as error:
            # A connection that breaks again and again still brings a file, as long as each one
            # brings a good piece of it.
            gain = part.size() - most
            fruitless = 0 if gain >= CHUNK_BYTES else fruitless + 1
            if fruitless > session.settings.body_retries:
                raise _broken_off(url, error, fruitless, is_cut=gain <= 0) from error
            logger.warning("%s broke off (%s); asking again", url, describe(error))
            sleep(backoff_s(session.settings, max(1, fruitless)))
        else:
            if version is not None:
                return version.modified
            restarts += part.size() <= most
            if restarts > session.settings.body_retries + 1:
                message = f"{url} changed {restarts} times while it was brought: try again later"
                raise SourceUnavailableError(message)
        most = max(most, part.size())


def _broken_off(url: str, error: Exception, attempts: int, *, is_cut: bool) -> FringewatchError:
    message = f"the body of {url} broke off in each of {attempts} attempts: {describe(error)}"
    # Ending at the same byte each time, in good order: so it lies at the source.
    if is_cut and isinstance(error, CutAnswerError):
        return CorruptProductError(message)
    return SourceUnavailableError(message)


def _go_on(session: PortalSession, url: str, part: PartialFile) -> FileVersion | None:
    """Ask once, for what is lacking; return the version that is whole now, or None if none is."""
    version, size = part.version(url), part.size()
    if version is not None and size == version.total_bytes:
        return version  # an earlier run was stopped just before it could give it its name
    headers, accepted = dict(_HEADERS), OK_ONLY
    if version is not None and version.validator is not None:
        headers |= {"Range": f"bytes={size}-", "If-Range": version.validator}
        accepted = frozenset({200, _PARTIAL_CONTENT, _RANGE_REFUSED})
    with open_answer(session, url, headers, accepted) as response:
        if version is None or response.status_code == requests.codes.ok:
            version = _version_of_whole(response)
            refuse_too_large(session, url, version.total_bytes or 0)
            part.start(url, version)
        elif not _continues(response, version, size):
            logger.info("%s has changed since %d bytes of it came: starting over", url, size)
            part.remove()
            return None
        part.append(_no_more_than_a_file(session, url, part.size(), response))
    # A server may give less of the rest than was asked for.
    return version if version.total_bytes is None or part.size() >= version.total_bytes else None


def _no_more_than_a_file(
    session: PortalSession, url: str, size: int, response: requests.Response
) -> Iterator[bytes]:
    """Give a body that goes on after `size` bytes, as long as it can be a file's."""
    for chunk in body_chunks(response, session.settings):
        size += len(chunk)
        refuse_too_large(session, url, size)
        yield chunk


def refuse_too_large(session: PortalSession, url: str, size: int) -> None:
    """Let a size pass that a raster may have.

    Raises
    ------
    CorruptProductError
        If it is more than the settings allow.
    """
    if size > (most := session.settings.file_bytes_max):
        message = (
            f"{url} has {size} bytes or more, and no interferogram has over {most}; if it is "
            f"right, set `largest_file_mb` higher"
        )
        raise CorruptProductError(message)


def _continues(response: requests.Response, version: FileVersion, size: int) -> bool:
    """Whether a body goes on where the part ends, in the same version of the file."""
    found = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
    if response.status_code != _PARTIAL_CONTENT or found is None or int(found[1]) != size:
        return False
    headers = response.headers
    if version.total_bytes is not None and int(found[3]) != version.total_bytes:
        return False
    if headers.get("Content-Encoding", "identity") != "identity":
        return False
    # Some servers ignore If-Range: then their headers tell.
    now = {headers.get("ETag"), headers.get("Last-Modified")} - {None}
    return version.validator in now if now else True


def _version_of_whole(response: requests.Response) -> FileVersion:
    """Return the version that an answer with the whole of a file belongs to."""
    is_encoded = response.headers.get("Content-Encoding", "identity") != "identity"
    length = _LENGTH.fullmatch(response.headers.get("Content-Length", ""))
    return FileVersion.of(response, None if length is None or is_encoded else int(length[0]))


def _refuse_other_than_tiff(url: str, path: Path) -> None:
    with disk_errors(path), path.open("rb") as file:
        start = file.read(_QUOTED_BYTES)
    if not start:
        message = f"{url} came with zero bytes"
        raise CorruptProductError(message)
    if not start.startswith(TIFF_STARTS):
        quoted = " ".join(start.decode("utf-8", errors="replace").split())
        message = f"{url} is no TIFF (a page of the server?): it starts with {quoted!r}"
        raise CorruptProductError(message)
