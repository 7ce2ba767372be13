"""A real mail server, and a home with messages in its outbox."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from catalogs.home.home import Home, open_home
from catalogs.ledger.ledger import open_ledger
from catalogs.ledger.outbox_records import MessageKind, NewMessage
from catalogs.settings import Settings
from tasks.messages.standing import telling_of
from tests.mail import MailServer


@pytest.fixture
def mail() -> Iterator[MailServer]:
    server = MailServer()
    server.start()
    yield server
    server.stop()


@dataclass(frozen=True)
class Outbox:
    """A home whose outbox is filled by hand."""

    settings: Settings

    def put(self, *names: str) -> None:
        """Let these volcanoes have grown stale."""
        facts = {"newest": "2024-03-06", "state": "quiet"}
        messages = [
            NewMessage(MessageKind.STALE, {f"stale/{name}": name}, {"name": name.title(), **facts})
            for name in names
        ]
        with open_ledger(self.settings.home / "ledger.sqlite") as ledger:
            ledger.put_into_outbox(messages, telling_of(self.settings))


@pytest.fixture
def outbox(tmp_path: Path, mail: MailServer) -> Outbox:
    home = open_home(Home(tmp_path / "home")).root
    return Outbox(Settings(home=home, notify=(mail.url,)))
