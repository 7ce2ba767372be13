"""Killed fifty times between verdict and message: none is lost, and none comes as two."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from catalogs.ledger.ledger import open_ledger
from tests.mail import MailServer

ROOT = Path(__file__).parents[3]
CHANGES, KILLS = 60, 50


def test_fifty_kills_lose_and_double_no_message(
    mail: MailServer, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    home = tmp_path / "home"
    done = subprocess.run(
        [sys.executable, "-m", "tests.tasks.messages.changing_watch", home,
         mail.url.get_secret_value(), str(CHANGES), str(KILLS), "15"],
        capture_output=True, text=True, check=False, cwd=ROOT, timeout=200,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    met_alive, made = map(int, done.stdout.split())
    assert met_alive > KILLS / 2, "the kills came too late"
    assert made > 10, "the kills came too soon"
    with open_ledger(home / "ledger.sqlite") as ledger:
        messages = ledger.messages()
    assert len(messages) == CHANGES
    # One that was taken in the moment before the kill comes again, under its old Message-ID: a
    # mailbox folds both into one.
    by_id = dict(zip(mail.inbox.ids(), mail.inbox.lines(), strict=True))
    assert len(by_id) == CHANGES
    dates = [message.facts["now"]["date"] for message in messages]
    assert [line.split(" UTC")[0][-10:] for line in by_id.values()] == dates
    again = len(mail.inbox.mails) - CHANGES
    record_property("mails that came a second time", again)
    assert again < KILLS / 5, "the moment between taking and marking has grown"
