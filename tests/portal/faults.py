"""What can go wrong on the way, as data: `portal.faults["20240106_20240118"] = Fault(...)`.

A script is the same in a file, so that a run by hand can be repeated: see `load_faults`.
"""

import dataclasses
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any


class FaultKind(StrEnum):
    """A way of answering that is not the right one; the value is its name in a script."""

    STATUS = "status"
    """Answer `code`, with a Retry-After of `retry_after_s` if there is one."""
    HTML = "html"
    """Answer 200 with an HTML page that says that something is wrong."""
    EMPTY = "empty"
    """Answer 200 with no byte."""
    CUT = "cut"
    """Announce the right length, but never send more than the first `after_bytes` of the file:
    it is cut at the source."""
    RESET = "reset"
    """Announce the right length, send `after_bytes` of it and break the connection (TCP reset)."""
    HANG_UP = "hang up"
    """Break the connection without an answer."""
    SHORT = "short"
    """Answer with the first `after_bytes` as if they were all: a file or a page that is written
    at this moment."""
    STALL = "stall"
    """Answer rightly, `seconds` later."""
    SLOW = "slow"
    """Answer rightly, with `bytes_per_s`."""
    REDIRECT = "redirect"
    """Redirect to `location`; without one, to the same address, which never ends."""
    WRONG_LENGTH = "wrong length"
    """Announce `by_bytes` more (or less) than comes."""
    NO_LENGTH = "no length"
    """Announce no length; the end of the connection is the end."""
    RANGE_IGNORED = "range ignored"
    """Answer with the whole file, status 200, whatever range was asked for."""
    IF_RANGE_IGNORED = "if-range ignored"
    """Answer with the range, whatever version of the file it was asked of."""
    NO_LAST_MODIFIED = "no last-modified"
    """Do not say when the file changed."""
    CHANGED = "changed"
    """The file was changed in place: the same size, other bytes, and a time a day older."""
    REVERSED = "reversed"
    """The listing comes in the opposite order."""


@dataclass(frozen=True)
class Fault:
    """A fault that happens on the first `times` requests that it concerns, or on all of them."""

    kind: FaultKind
    times: int | None = None
    code: int = 503
    retry_after_s: int | None = None
    after_bytes: int = 0
    seconds: float = 0.0
    location: str | None = None
    skip: int = 0
    """So many requests are answered rightly first."""
    method: str | None = None
    """It concerns this method only."""
    ranged: bool | None = None
    """It concerns only requests with a Range, or only those without."""
    bytes_per_s: float = 1000.0
    by_bytes: int = 0
    retry_after_is_date: bool = False
    """Whether Retry-After is given as a date."""

    def concerns(self, method: str, *, is_ranged: bool) -> bool:
        """Whether a request can meet it."""
        return self.method in {None, method} and self.ranged in {None, is_ranged}


class FaultScriptError(Exception):
    """A fault script cannot be used; the message says why."""


def load_faults(path: Path) -> dict[str, list[Fault]]:
    """Return the faults of a script by the end of the path that they concern, in their order.

    The script is JSON (a list of objects) or TOML (``[[fault]]`` tables). Each names ``path``,
    ``kind`` and what that kind needs, as in `Fault`; for example
    ``{"path": "/interferograms/", "kind": "status", "code": 503, "times": 2}``.
    """
    text = path.read_text(encoding="utf-8")
    try:
        entries = tomllib.loads(text)["fault"] if path.suffix == ".toml" else json.loads(text)
    except (ValueError, KeyError) as error:
        message = f"{path} is no fault script: {error}"
        raise FaultScriptError(message) from error
    faults: dict[str, list[Fault]] = {}
    for number, entry in enumerate(entries, start=1):
        ending, fault = _parse(entry, f"{path}, fault {number}")
        faults.setdefault(ending, []).append(fault)
    return faults


def _parse(entry: Mapping[str, Any], where: str) -> tuple[str, Fault]:
    fields = dict(entry)
    known = {field.name for field in dataclasses.fields(Fault)}
    try:
        ending = str(fields.pop("path"))
        fields["kind"] = FaultKind(fields["kind"])
    except (KeyError, ValueError) as error:
        message = f"{where}: {error}; it needs a path, and a kind of {[*FaultKind]}"
        raise FaultScriptError(message) from error
    if unknown := sorted(set(fields) - known):
        message = f"{where}: unknown words {unknown}; known are {sorted(known)}"
        raise FaultScriptError(message)
    return ending, Fault(**fields)
