"""The operator's commands: messages, health, the history of runs."""

import json
from pathlib import Path

import pytest

from catalogs.ledger.ledger import open_ledger
from flows.cli import run
from tests.mail import MailServer
from tests.tasks.health.conftest import WatchedHome, watched
from tests.tasks.messages.conftest import Outbox, mail, outbox

__all__ = ["mail", "outbox", "watched"]  # pytest finds fixtures by their names here


def written(home: Outbox, *lines: str) -> list[str]:
    """Write the settings of a home, and return the words that name it."""
    urls = [url.get_secret_value() for url in home.settings.notify]
    text = "\n".join([f"notify = {json.dumps(urls)}", *lines])
    (home.settings.home / "fringewatch.toml").write_text(text, "utf-8")
    return ["--home", str(home.settings.home)]


def test_what_waits_is_sent_and_listed(
    outbox: Outbox, mail: MailServer, capsys: pytest.CaptureFixture[str]
) -> None:
    home = written(outbox, 'site_url = "https://v.example/"')
    with open_ledger(outbox.settings.home / "ledger.sqlite"):
        pass
    assert run(["notify", "--list", *home]) == 0
    assert capsys.readouterr().out == "no messages\n"
    outbox.put("taal")
    assert run(["notify", *home]) == 0
    assert capsys.readouterr().out == "notify 1 (mailto): 1 sent, 0 waiting\n"
    assert run(["notify", "--list", *home]) == 0
    said = capsys.readouterr().out
    assert said.startswith("1 20")
    assert "TAAL STALE" in said
    (line,) = mail.inbox.lines()
    assert line.endswith("https://v.example/taal.html")


def test_a_channel_that_is_away_ends_with_3_and_is_in_status_and_health(
    outbox: Outbox, mail: MailServer, capsys: pytest.CaptureFixture[str]
) -> None:
    home = written(outbox)
    outbox.put("taal")
    mail.stop()
    assert run(["notify", *home]) == 3
    assert run(["status", *home]) == 4  # nothing was fetched; what is wrong is said all the same
    assert run(["health", *home]) == 3
    said = capsys.readouterr()
    assert said.out.count("notify 1 (mailto): 1 waiting, failing since ") == 3
    assert "secret-officer" not in said.out + said.err


def test_a_test_tells_what_each_channel_made_of_it(
    outbox: Outbox, mail: MailServer, capsys: pytest.CaptureFixture[str]
) -> None:
    home = written(outbox)
    assert run(["notify", "--test", *home]) == 0
    (line,) = mail.inbox.lines()
    assert "TEST" in line
    mail.stop()
    assert run(["notify", "--test", *home]) == 5
    assert "refused" in capsys.readouterr().out


def test_without_a_channel_the_words_say_what_to_write(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["notify", "--home", str(tmp_path)]) == 2
    assert 'notify = ["mailto://' in capsys.readouterr().err


def test_health_says_what_is_wrong_in_words_and_json(
    watched: WatchedHome, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    home = ["--home", str(watched.settings.home)]
    (watched.settings.home / "fringewatch.toml").write_text('watch = ["taal"]\n')
    watched.night(0.0)
    assert run(["health", *home]) == 3
    assert "! NEVER FETCHED: taal: " in capsys.readouterr().out
    assert run(["health", "--json", *home]) == 3
    assert json.loads(capsys.readouterr().out)["well"] is False
    assert run(["status", *home]) == 4
    assert "! taal: NO DATA: it is watched, none ever came" in capsys.readouterr().out
    assert run(["health", "--home", str(tmp_path / "no")]) == 4


def test_the_history_is_listed(
    watched: WatchedHome, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    home = ["--home", str(watched.settings.home)]
    watched.night(1.0)
    watched.night(0.0, "later")
    assert run(["runs", *home]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("2 nightly 20")
    assert ", later after " in lines[0]
    assert lines[1] == "    etna later: no reason kept"
    assert "done after " in lines[3]
    assert run(["runs", "--last", "1", *home]) == 0
    assert run(["runs", "--last", "0", *home]) == 2
    assert run(["runs", "--home", str(tmp_path / "no")]) == 4
