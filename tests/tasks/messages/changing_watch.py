"""A watch that changes its mind and tells so, killed again and again: a program of one thread.

``python -m tests.tasks.messages.changing_watch HOME CHANNEL CHANGES KILLS SEED`` forks a child that
goes through what is left of so many changes of state, with their verdicts, and empties the outbox
after each; it is killed at random moments, so many times, and then left to end. Prints how often
the kill came before the child had ended, and how many changes were made by then.
"""

import datetime as dt
import os
import random
import signal
import sys
import time
from pathlib import Path

import apprise  # noqa: F401 - before the forks, which then take no second each
from pydantic import SecretStr

from catalogs.home.home import Home, open_home
from catalogs.ledger.ledger import open_ledger
from catalogs.ledger.outbox_records import Standing
from catalogs.ledger.rows import Verdict
from catalogs.settings import Settings
from tasks.messages.send import send_messages
from tasks.messages.standing import telling_of

START = dt.date(2024, 1, 6)
LIVES = 2.5
"""The longest life of a child, in the times that a change and its message take."""


def change(settings: Settings, number: int) -> None:
    """Let the verdict of a date be another than that of the date before, with its message."""
    date = START + dt.timedelta(12 * number)
    state, since = ("unrest", date) if number % 2 else ("quiet", None)
    verdict = Verdict(state, since, 0.5, "rule", "baseline-0", "aa")
    news = (Standing(state, since, date), {"name": "Taal", "because": ""}, telling_of(settings))
    with open_ledger(settings.home / "ledger.sqlite") as ledger:
        ledger.record_verdicts("taal", {date: verdict}, news)


def work(settings: Settings, changes: int) -> None:
    """Go through what is left of the changes."""
    send_messages(settings)
    with open_ledger(settings.home / "ledger.sqlite") as ledger:
        done = len(ledger.verdicts("taal"))
    for number in range(done, changes + 1):  # the first is no change
        change(settings, number)
        send_messages(settings, wait_s=5.0)


def main(home: str, channel: str, changes: int, kills: int, seed: int) -> None:
    """Kill the work so many times; print how many kills met it alive."""
    settings = Settings(home=open_home(Home(Path(home))).root, notify=(SecretStr(channel),))
    draw = random.Random(seed)
    work(settings, 1)  # loads what Apprise has
    begun = time.monotonic()
    work(settings, 4)
    longest_s = LIVES * (time.monotonic() - begun) / 3
    met_alive = made = 0
    for attempt in range(kills + 1):
        child = os.fork()
        if child == 0:
            try:
                work(settings, changes)
            finally:
                os._exit(0)
        if attempt < kills:
            time.sleep(draw.uniform(0.0, longest_s))
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        met_alive += os.WIFSIGNALED(status)
        if attempt == kills - 1:
            with open_ledger(settings.home / "ledger.sqlite") as ledger:
                made = len(ledger.messages())
    print(met_alive, made)  # noqa: T201 - a program of the tests


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5]))
