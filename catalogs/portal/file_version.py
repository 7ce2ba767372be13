"""What tells one version of a remote file from another."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Final, Self

import requests

from catalogs.portal.patience import parse_http_time

# A Last-Modified of the very moment may cover two versions (RFC 9110, section 8.8.2.2).
_STRONG_AFTER: Final = dt.timedelta(seconds=1)


@dataclass(frozen=True)
class FileVersion:
    """One version of a remote file, as far as the server tells versions apart."""

    total_bytes: int | None
    """Of the whole file; None if the server does not say."""
    last_modified: str | None
    """The header as it came."""
    etag: str | None
    validator: str | None = field(default=None, compare=False)
    """What If-Range is asked with: a strong ETag or a strong Last-Modified; None if neither is."""

    @classmethod
    def of(cls, response: requests.Response, total_bytes: int | None) -> Self:
        """Return the version that an answer belongs to, of a file of so many bytes."""
        headers = response.headers
        last_modified, etag = headers.get("Last-Modified"), headers.get("ETag")
        is_encoded = headers.get("Content-Encoding", "identity") != "identity"
        validator = None if is_encoded else _strong_validator(response)
        return cls(total_bytes, last_modified, etag, validator)

    @property
    def modified(self) -> dt.datetime | None:
        """When it changed, UTC; None if the server does not say, or no time that can be read."""
        return parse_http_time(self.last_modified)


def _strong_validator(response: requests.Response) -> str | None:
    """The ETag, or the time of the last change if no second change can have the same."""
    etag = response.headers.get("ETag")
    if etag is not None and etag.startswith('"'):
        return etag
    last_modified = response.headers.get("Last-Modified")
    changed, now = (parse_http_time(response.headers.get(n)) for n in ("Last-Modified", "Date"))
    if changed is None or now is None or now - changed < _STRONG_AFTER:
        return None
    return last_modified
