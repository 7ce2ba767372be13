"""Ask what a server says of a file, without its body, to tell whether it has changed."""

import re
from email.utils import formatdate
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from urllib.request import url2pathname

import requests

from catalogs.portal.answers import status_of
from catalogs.portal.causes import NO_ANSWER, no_answer
from catalogs.portal.file_version import FileVersion
from catalogs.portal.folder import is_folder_url
from catalogs.portal.session import PortalSession
from catalogs.portal.strange_files import refuse_strange
from fringewatch.errors import MissingProductError, SourceUnavailableError

_REFUSES_HEAD: Final = frozenset({403, 405, 501})
"""The archive's servers answer HEAD with one of these for files that a GET gives."""
_GIVEN: Final = frozenset({200, 206})
_NOT_THERE: Final = frozenset({404, 410})
_NO_SUCH_RANGE: Final = 416

_TOTAL = re.compile(r"bytes [^/]*/([0-9]{1,18})")
_LENGTH = re.compile(r"[0-9]{1,18}")

# A compressed transfer would make Content-Length the length of something else than the file.
_HEADERS: Final = {"Accept-Encoding": "identity"}
_FIRST_BYTE: Final = {"Range": "bytes=0-0"}


def ask_file_version(session: PortalSession, url: str) -> FileVersion:
    """Return size, time and tag of the file at `url`, without fetching it.

    One HEAD; where that is refused or gives no length, one GET of the first byte, whose answer is
    closed before its body. A ``file:`` address is looked at on the disk.

    Raises
    ------
    MissingProductError
        If the server says that the file is not there (404, 410), or that it is empty.
    SourceUnavailableError
        If there is no answer after all repetitions, another status, or a page of the server in
        the file's place.
    """
    if is_folder_url(url):
        return _look_at(Path(url2pathname(urlsplit(url).path)))
    with _open(session, "HEAD", url) as response:
        if response.status_code not in _REFUSES_HEAD:
            version = _read_version(response, url)
            if version.total_bytes is not None:
                return version
    with _open(session, "GET", url) as response:
        return _read_version(response, url)


def _look_at(path: Path) -> FileVersion:
    """The version of a file on disk."""
    try:
        found = path.stat()
    except FileNotFoundError as error:
        message = f"{path} is not there any more"
        raise MissingProductError(message) from error
    except OSError as error:
        message = f"cannot read {path}: {error.strerror}; check the disk and the file's owner"
        raise SourceUnavailableError(message) from error
    refuse_strange(path)
    if found.st_size == 0:
        message = f"{path} is empty"
        raise MissingProductError(message)
    return FileVersion(found.st_size, formatdate(int(found.st_mtime), usegmt=True), etag=None)


def _open(session: PortalSession, method: str, url: str) -> requests.Response:
    headers = _HEADERS | (_FIRST_BYTE if method == "GET" else {})
    try:
        return session.request(method, url, headers=headers, stream=True, allow_redirects=True)
    except NO_ANSWER as error:
        raise no_answer(url, error) from error


def _read_version(response: requests.Response, url: str) -> FileVersion:
    """The version that an answer tells of; raises where it is none of a file."""
    size = _size(response)
    answer = f"{url} answered {status_of(response)}"
    if response.status_code in _NOT_THERE:
        message = f"{answer}: it is not there now"
        raise MissingProductError(message)
    if response.status_code not in _GIVEN and (response.status_code, size) != (_NO_SUCH_RANGE, 0):
        message = f"{answer}; it is worth trying again later"
        raise SourceUnavailableError(message)
    if response.headers.get("Content-Type", "").strip().lower().startswith("text/html"):
        message = f"{answer} with a page instead of the file; it is worth trying again later"
        raise SourceUnavailableError(message)
    if size == 0:
        message = f"{url} is empty at the server"
        raise MissingProductError(message)
    return FileVersion.of(response, size)


def _size(response: requests.Response) -> int | None:
    total = _TOTAL.fullmatch(response.headers.get("Content-Range", "").strip())
    if total is not None:
        return int(total[1])
    length = _LENGTH.fullmatch(response.headers.get("Content-Length", "").strip())
    is_whole = response.status_code == requests.codes.ok
    return int(length[0]) if is_whole and length is not None else None
