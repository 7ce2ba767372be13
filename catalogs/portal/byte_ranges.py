"""Ask a server for parts of one file, and notice when it is no longer the same file.

HTTP range requests: RFC 9110, sections 13.1.5 (If-Range) and 14.
"""

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, NamedTuple, Self

import requests

from catalogs.portal.answers import ask
from catalogs.portal.bodies import CutAnswerError, body_chunks
from catalogs.portal.file_version import FileVersion
from catalogs.portal.session import PortalSession
from catalogs.portal.window_errors import FileChangedError, WholeFileNeededError

_ACCEPTED: Final = (
    HTTPStatus.OK,
    HTTPStatus.PARTIAL_CONTENT,
    HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
)
_NUMBER: Final = re.compile(r"[0-9]{1,18}")
_CONTENT_RANGE: Final = re.compile(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18})")


@dataclass(frozen=True, order=True)
class ByteRange:
    """The bytes from `start` up to, and without, `stop`."""

    start: int
    stop: int

    @property
    def size(self) -> int:
        """Number of bytes."""
        return self.stop - self.start

    def contains(self, other: Self) -> bool:
        """Whether all bytes of `other` are among these."""
        return self.start <= other.start and other.stop <= self.stop


class Part(NamedTuple):
    """A part of a file as it came."""

    content: bytes
    version: FileVersion


class RangeReader:
    """Reads parts of one file, all of the same version.

    Attributes
    ----------
    ranges : list of ByteRange
        What was read, in order.
    requests_made : int
        Requests answered, redirects and broken bodies included.
    bytes_moved : int
        Bytes of bodies that came, broken ones included.
    total_bytes : int
        Of the whole file; 0 before the first part.
    """

    def __init__(self, session: PortalSession, url: str) -> None:
        self.ranges: list[ByteRange] = []
        self.requests_made = 0
        self.bytes_moved = 0
        self.total_bytes = 0
        self._session = session
        self._url = url  # later: where the redirects led
        self._version: FileVersion | None = None

    def read(self, wanted: ByteRange) -> Part:
        """Return the bytes in `wanted`, or less of them where the file ends.

        A body that breaks off is asked for again, as often as the session's settings say.

        Raises
        ------
        WholeFileNeededError
            If the server does not send parts of files; the body of its answer is not read.
        FileChangedError
            If the answer belongs to another version than the parts before.
        MissingProductError
            If the server says that it is not there (404, 410).
        SourceUnavailableError
            If there is no answer, another status, or a broken body, after all repetitions.
        """
        # A compressed transfer would count other bytes than the file's.
        headers = {
            "Range": f"bytes={wanted.start}-{wanted.stop - 1}",
            "Accept-Encoding": "identity",
        }
        if self._version is not None and self._version.validator is not None:
            headers["If-Range"] = self._version.validator
        part = ask(
            self._session, self._url, lambda answer: self._take(answer, wanted), headers, _ACCEPTED
        )
        self._version = part.version
        self.ranges.append(ByteRange(wanted.start, wanted.start + len(part.content)))
        return part

    def _take(self, response: requests.Response, wanted: ByteRange) -> Part:
        """The part that an answer holds, whole; raises if it is shorter or longer than promised."""
        self.requests_made += 1 + len(response.history)
        version = self._accept(response, wanted)
        promised = min(wanted.stop, self.total_bytes) - wanted.start
        body = bytearray()
        for chunk in body_chunks(response, self._session.settings):
            self.bytes_moved += len(chunk)
            body += chunk
            if len(body) > promised:
                reason = f"it sends more than the {promised} bytes that it announced"
                raise self._no_parts(reason)
        if len(body) < promised:
            message = f"a part of {self._url} has {len(body)} bytes, {promised} were announced"
            raise CutAnswerError(message)
        self._url = response.url
        return Part(bytes(body), version)

    def _accept(self, response: requests.Response, wanted: ByteRange) -> FileVersion:
        """Return the version that an answer belongs to, after all checks of its headers."""
        if response.status_code != HTTPStatus.PARTIAL_CONTENT:
            raise self._refusal(response)
        found = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
        if found is None or response.headers.get("Content-Encoding", "identity") != "identity":
            reason = "it announces no single plain range"
            raise self._no_parts(reason)
        first, last, total = (int(number) for number in found.groups())
        version = FileVersion.of(response, total)
        if self._version is not None and version != self._version:
            raise self._changed(version)
        if (first, last + 1) != (wanted.start, min(wanted.stop, total)):
            reason = f"it sends bytes {first} to {last + 1} of {total} instead"
            raise self._no_parts(reason)
        self.total_bytes = total
        return version

    def _refusal(self, response: requests.Response) -> WholeFileNeededError | FileChangedError:
        """Return what an answer with the whole file, or with none of it, means."""
        status = response.status_code
        if self._version is not None:
            if status != HTTPStatus.OK:  # the range lay inside the file before
                return self._changed(None)
            length = response.headers.get("Content-Length", "")
            is_number = _NUMBER.fullmatch(length) is not None
            version = FileVersion.of(response, int(length) if is_number else 0)
            if version != self._version:
                return self._changed(version)
        return self._no_parts(f"it answers a request for a part with {status}")

    def _no_parts(self, reason: str) -> WholeFileNeededError:
        return WholeFileNeededError(f"the server sends no part of {self._url}: {reason}")

    def _changed(self, version: FileVersion | None) -> FileChangedError:
        return FileChangedError(
            f"{self._url} changed while it was read: {self._version}, {version}"
        )
