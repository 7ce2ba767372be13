"""What the outbox of the ledger holds: messages, channels, and what was told of a volcano."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

_QUIET: Final = "quiet"
_UNREST: Final = "unrest"
_UNKNOWN: Final = "unknown"
_MASKED: Final = "masked"
_CALM: Final = frozenset({_QUIET, _UNKNOWN, _MASKED})
"""Nobody need be told of these who was told nothing else before."""


class MessageKind(StrEnum):
    """What a message is about."""

    STATE = "state"
    """The state of a volcano is another than was told before."""
    STALE = "stale"
    """A volcano has had no new data for too long."""
    FAILED_NIGHTS = "failed nights"
    """Volcanoes got nothing night after night."""


@dataclass(frozen=True)
class Standing:
    """What holds of a volcano now: the state that was last known, and on which date it rests."""

    state: str
    """``quiet``, ``watch``, ``unrest`` or ``unknown``; a date without data changes none of them.
    ``masked`` where the newest dates are, and no unrest goes on below the mask."""
    since: dt.date | None = None
    """First date of the episode that runs."""
    date: dt.date | None = None
    """UTC date of the newest data that it rests on."""

    def is_news_after(self, before: "Standing", *, watch_wanted: bool) -> bool:
        """Whether a person who was told `before` has to be told this.

        Another state is; so is a second episode, which began after all that was told. *Watch* is
        as good as *quiet* to those who do not want to hear of it, and a mask is news of nothing but
        the unrest, or the watch, that it hides.
        """
        known = {"watch": _QUIET} if not watch_wanted else {}
        if self.state == _MASKED and known.get(before.state, before.state) in _CALM:
            return False
        if known.get(self.state, self.state) != known.get(before.state, before.state):
            return True
        if self.state != _UNREST or self.since is None or before.date is None:
            return False
        return self.since > before.date

    @property
    def is_unrest(self) -> bool:
        """Whether the ground deforms, as the method sees it."""
        return self.state == _UNREST

    @property
    def told_at_first(self) -> "Standing":
        """What counts as known of a volcano of which nobody was told anything.

        That one is calm, or that nothing is known of it, is no news; that it is in unrest is.
        """
        return self if self.state in _CALM else Standing(_QUIET)

    def told_with(self, standing: "Standing") -> "Standing":
        """Return what counts as told where `standing` is no news: unrest that goes on.

        It is known up to the date of `standing`, so that an episode whose first dates are judged
        otherwise later, by a review or by new data, is no second one.
        """
        if not (self.is_unrest and standing.is_unrest) or standing.date is None:
            return self
        return replace(self, date=max(standing.date, self.date or standing.date))

    def words(self) -> dict[str, str | None]:
        """Return it as JSON holds it."""
        return {
            "state": self.state,
            "since": self.since.isoformat() if self.since else None,
            "date": self.date.isoformat() if self.date else None,
        }

    @classmethod
    def of_words(cls, words: Mapping[str, Any]) -> "Standing":
        """Return what `words` made."""
        since, date = words["since"], words["date"]
        return cls(words["state"], _date(since), _date(date))


@dataclass(frozen=True)
class Telling:
    """Who is told, and how patiently."""

    channels: tuple[str, ...] = ()
    """Names of the channels that there are now (see `tasks.messages.channel`), never addresses."""
    watch_wanted: bool = False
    cooldown: dt.timedelta = dt.timedelta()
    """After a message on the state of a volcano the next one waits for so long."""
    rearm: dt.timedelta = dt.timedelta()
    """A first message of unrest waits for nothing, unless one was sent so short a time before."""
    digest_at: dt.time | None = None
    """Hour, UTC, at which all but new unrest is told, in one message; None for at once."""


@dataclass(frozen=True)
class NewMessage:
    """A message about nights and data, made once for each of its keys."""

    kind: MessageKind
    about: Mapping[str, str]
    """Names of volcanoes, by the key under which each of them is told once and never again."""
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Message:
    """A message of the outbox."""

    number: int
    kind: MessageKind
    volcanoes: tuple[str, ...]
    facts: Mapping[str, Any]
    made_at: dt.datetime
    mark: str
    """By which a receiver knows it when it comes a second time."""

    @property
    def is_urgent(self) -> bool:
        """Whether it tells of unrest."""
        return self.kind is MessageKind.STATE and Standing.of_words(self.facts["now"]).is_unrest


@dataclass(frozen=True)
class Batch:
    """What goes to a channel at once."""

    mark: str
    messages: tuple[Message, ...]


@dataclass(frozen=True)
class SentLine:
    """What a channel got of a message."""

    channel: str
    at: dt.datetime
    """UTC: when it had taken it."""
    line: str
    """The line that fits an SMS; empty where an older version sent it, which kept none."""


@dataclass(frozen=True)
class ChannelState:
    """How a channel does."""

    name: str
    waiting: int
    """Messages that are due and were not delivered."""
    oldest: dt.datetime | None
    """When the oldest of them was made, UTC."""
    failures: int = 0
    """In a row."""
    failing_since: dt.datetime | None = None
    next_attempt: dt.datetime | None = None
    reason: str = ""
    """Of the last failure, without addresses."""
    last_success: dt.datetime | None = None

    @property
    def is_failing(self) -> bool:
        """Whether messages wait because it did not take them."""
        return self.waiting > 0 and self.failures > 0


def names_of(about: Mapping[str, str], keys: Sequence[str]) -> list[str]:
    """Return the volcanoes of `keys`, each once."""
    return list(dict.fromkeys(about[key] for key in keys))


def _date(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None
