"""A real SMTP server for tests: what it took, and what it is told to refuse."""

import email.message
import email.policy
import socket
from dataclasses import dataclass, field

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from pydantic import SecretStr


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@dataclass
class Inbox:
    """The mails that came, in their order."""

    mails: list[email.message.EmailMessage] = field(default_factory=list)
    refuse: bool = False

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Take a mail."""
        if self.refuse:
            return "451 come again later"
        content = envelope.content
        assert isinstance(content, bytes)
        mail = email.message_from_bytes(content, policy=email.policy.default)
        assert isinstance(mail, email.message.EmailMessage)
        self.mails.append(mail)
        return "250 OK"

    def lines(self) -> list[str]:
        """The first line of each mail."""
        return [mail.get_content().splitlines()[0] for mail in self.mails]

    def ids(self) -> list[str]:
        """The Message-ID of each mail."""
        return [str(mail["Message-ID"]) for mail in self.mails]


class MailServer:
    """An SMTP server on a port of this machine, which can be away for a while."""

    def __init__(self) -> None:
        self.inbox = Inbox()
        self.port = free_port()
        self._controller: Controller | None = None

    def start(self) -> None:
        """Listen."""
        self._controller = Controller(self.inbox, hostname="127.0.0.1", port=self.port)
        self._controller.start()

    def stop(self) -> None:
        """Be away."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    @property
    def url(self) -> SecretStr:
        """The address of a channel that ends here; the receiver's name is a secret."""
        return SecretStr(
            f"mailto://127.0.0.1:{self.port}?from=watch@observatory.example"
            "&to=secret-officer@observatory.example&mode=insecure"
        )
