"""What goes over the wire for one request: the right answer, its range, and what a fault does."""

import datetime as dt
import email.utils
import re
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from http import HTTPStatus
from urllib.parse import urlsplit

from tests.portal import pages
from tests.portal.faults import Fault, FaultKind

_ONE_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


@dataclass(frozen=True)
class Answer:
    """What a request gets when nothing goes wrong."""

    status: HTTPStatus
    body: bytes = b""
    content_type: str = "text/html;charset=UTF-8"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Request:
    """What the stand-in looks at in a request."""

    method: str
    target: str
    """With its query."""
    range: str | None = None
    if_range: str | None = None


class End(Enum):
    """What happens to the connection after an answer."""

    KEPT = auto()
    CLOSED = auto()
    RESET = auto()


@dataclass(frozen=True)
class Reply:
    """An answer with all that can be wrong with it."""

    answer: Answer
    length: int | None
    """What Content-Length says; None for none."""
    end: End = End.KEPT
    bytes_per_s: float | None = None
    delay_s: float = 0.0
    is_silent: bool = False
    """Whether nothing is sent at all."""


_INSTEAD = frozenset({FaultKind.STATUS, FaultKind.HTML, FaultKind.EMPTY, FaultKind.REDIRECT})


def make_reply(answer: Answer, request: Request, fault: Fault | None) -> Reply:
    """Return what is sent: `answer`, the range of it that was asked for, and `fault`'s mark."""
    kind = None if fault is None else fault.kind
    if fault is not None and kind in _INSTEAD:
        answer = _instead(fault, request)
        return Reply(answer, len(answer.body))
    if fault is not None and answer.status is HTTPStatus.OK:
        answer = _alter(answer, fault)
    whole = len(answer.body)
    offset = 0
    if kind is not FaultKind.RANGE_IGNORED and "Accept-Ranges" in answer.headers:
        checks_version = kind is not FaultKind.IF_RANGE_IGNORED
        answer, offset = _in_range(answer, request, checks_version=checks_version)
    if kind is FaultKind.NO_LAST_MODIFIED:
        headers = {n: v for n, v in answer.headers.items() if n != "Last-Modified"}
        answer = replace(answer, headers=headers)
    reply = Reply(answer, len(answer.body))
    if fault is None:
        return reply
    return _spoil(reply, fault, min(offset, whole))


def _instead(fault: Fault, request: Request) -> Answer:
    page = Answer(HTTPStatus.OK, pages.SERVER_ERROR.encode(), "text/html")
    if fault.kind is FaultKind.STATUS:
        headers = {}
        if fault.retry_after_s is not None:
            later = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=fault.retry_after_s)
            date = email.utils.format_datetime(later, usegmt=True)
            headers["Retry-After"] = date if fault.retry_after_is_date else str(fault.retry_after_s)
        return replace(page, status=HTTPStatus(fault.code), headers=headers)
    if fault.kind is FaultKind.REDIRECT:
        location = request.target if fault.location is None else fault.location
        return replace(page, status=HTTPStatus.FOUND, headers={"Location": location})
    return replace(page, body=b"") if fault.kind is FaultKind.EMPTY else page


def _alter(answer: Answer, fault: Fault) -> Answer:
    """Return what the file itself is like."""
    if fault.kind is FaultKind.SHORT:
        return replace(answer, body=answer.body[: fault.after_bytes])
    if fault.kind is FaultKind.CHANGED:
        headers = dict(answer.headers)
        if "Last-Modified" in headers:
            changed = email.utils.parsedate_to_datetime(headers["Last-Modified"])
            older = email.utils.format_datetime(changed - dt.timedelta(days=1), usegmt=True)
            headers["Last-Modified"] = older
        if "ETag" in headers:
            headers["ETag"] = '"changed"'
        # The first bytes stay, so that it is still a TIFF.
        body = answer.body[:8] + bytes(byte ^ 0xFF for byte in answer.body[8:])
        return replace(answer, body=body, headers=headers)
    return answer


def _in_range(answer: Answer, request: Request, *, checks_version: bool) -> tuple[Answer, int]:
    """Return the part of a file that was asked for, and where it starts."""
    found = _ONE_RANGE.fullmatch(request.range or "")
    if found is None or not any(found.groups()):
        return answer, 0
    versions = {answer.headers.get("ETag"), answer.headers.get("Last-Modified")}
    if checks_version and request.if_range is not None and request.if_range not in versions:
        return answer, 0
    size = len(answer.body)
    if found[1]:
        start, stop = int(found[1]), min(size, int(found[2] or size) + 1)
    else:
        start, stop = max(0, size - int(found[2])), size
    headers = dict(answer.headers)
    if start >= size or start >= stop:
        headers["Content-Range"] = f"bytes */{size}"
        refused = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
        return replace(answer, status=refused, body=b"", headers=headers), 0
    headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    part = replace(
        answer, status=HTTPStatus.PARTIAL_CONTENT, body=answer.body[start:stop], headers=headers
    )
    return part, start


def _spoil(reply: Reply, fault: Fault, offset: int) -> Reply:
    """Return what happens to an answer on its way."""
    answer, body = reply.answer, reply.answer.body
    match fault.kind:
        case FaultKind.CUT:
            kept = replace(answer, body=body[: max(0, fault.after_bytes - offset)])
            return replace(reply, answer=kept, end=End.CLOSED)
        case FaultKind.RESET:
            kept = replace(answer, body=body[: fault.after_bytes])
            return replace(reply, answer=kept, end=End.RESET)
        case FaultKind.HANG_UP:
            return replace(reply, is_silent=True, end=End.RESET)
        case FaultKind.WRONG_LENGTH:
            return replace(reply, length=max(0, len(body) + fault.by_bytes), end=End.CLOSED)
        case FaultKind.NO_LENGTH:
            return replace(reply, length=None, end=End.CLOSED)
        case _:
            return replace(
                reply,
                bytes_per_s=fault.bytes_per_s if fault.kind is FaultKind.SLOW else None,
                delay_s=fault.seconds if fault.kind is FaultKind.STALL else 0.0,
            )


def path_of(target: str) -> str:
    """Return the path of a request's target, without its query."""
    return urlsplit(target).path
