"""The operator's commands: messages, health, the history of runs."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from catalogs.home.home import Home, only_server, only_writer, open_home
from catalogs.ledger.ledger import open_ledger
from flows.cli import run
from fringewatch.errors import HomeBusyError, HomeError
from tasks.health.after_run import keep_metrics
from tasks.health.health import health_of
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


def test_where_no_run_is_remembered_it_is_said(
    outbox: Outbox, capsys: pytest.CaptureFixture[str]
) -> None:
    home = outbox.settings.home
    with open_ledger(home / "ledger.sqlite"):
        pass
    assert run(["runs", "--home", str(home)]) == 4
    assert capsys.readouterr().out.startswith(f"no run is remembered in {home} yet")


def test_a_second_serve_is_refused_before_it_starts_a_server(
    outbox: Outbox, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(*_: object, **__: object) -> None:
        pytest.fail("a server was started")

    monkeypatch.setattr("flows.cli.operate.prepare", start)
    home = ["--home", str(outbox.settings.home)]
    with only_server(Home(outbox.settings.home)):
        assert run(["serve", *home]) == 5
        with only_writer(Home(outbox.settings.home)):
            pass  # runs go on meanwhile
    said = capsys.readouterr().err
    assert f"process {os.getpid()} on" in said
    assert "keeps the schedules of it; end that one first" in said


def test_a_serve_that_is_killed_leaves_no_lock(outbox: Outbox) -> None:
    home = Home(outbox.settings.home)
    code = (
        "import sys, time; from pathlib import Path\n"
        "from catalogs.home.home import Home, only_server\n"
        "with only_server(Home(Path(sys.argv[1]))):\n"
        "    print('held', flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(home.root)], stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(HomeBusyError, match=f"process {other.pid}"), only_server(home):
            pass
        other.kill()
    with only_server(home):
        pass


def test_its_lock_may_precede_a_home(tmp_path: Path) -> None:
    home = open_home(Home(tmp_path / "home"))
    with only_server(home):
        (home.root / "home.json").unlink()
        assert open_home(home) == home


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('model = "nobody"', "there is no model 'nobody'; known: baseline-0"),
        ('home = "elsewhere"', "home = 'elsewhere': the home is the folder that this file lies in"),
    ],
)
@pytest.mark.parametrize("command", ["status", "health", "runs", "site", "verify"])
def test_who_looks_hears_of_settings_that_a_run_refuses(
    outbox: Outbox, command: str, text: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    home = written(outbox, text)
    assert run([command, *home]) == 2
    assert words in capsys.readouterr().err


def test_a_channel_of_no_kind_is_said_before_a_message_waits(
    outbox: Outbox, capsys: pytest.CaptureFixture[str]
) -> None:
    home = outbox.settings.home
    with open_ledger(home / "ledger.sqlite"):
        pass
    (home / "fringewatch.toml").write_text('notify = ["ntfy://topic", "hunter2"]\n')
    assert run(["status", "--home", str(home)]) == 4
    assert run(["health", "--home", str(home)]) == 3
    said = capsys.readouterr().out
    assert said.count("! MESSAGES: notify 2 (malformed): 0 waiting: its address has no kind") == 2
    assert "hunter2" not in said


def test_numbers_without_their_folder_are_found_and_no_folder_is_made(
    outbox: Outbox, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "typo" / "collector"
    home = written(outbox, f'metrics_file = "{folder / "fw.prom"}"')
    with open_ledger(outbox.settings.home / "ledger.sqlite"):
        pass
    assert run(["health", *home]) == 3
    words = f"metrics_file = '{folder / 'fw.prom'}': there is no folder {folder}"
    assert f"! SETTINGS: {words}" in capsys.readouterr().out
    settings = outbox.settings.model_copy(update={"metrics_file": folder / "fw.prom"})
    with pytest.raises(HomeError, match="there is no folder"):
        keep_metrics(settings)
    with pytest.raises(HomeError, match="is a folder: name a file"):
        keep_metrics(outbox.settings.model_copy(update={"metrics_file": tmp_path}))
    assert not (tmp_path / "typo").exists()
    folder.mkdir(parents=True)
    keep_metrics(settings)
    assert "fringewatch_well" in (folder / "fw.prom").read_text("utf-8")
    assert "SETTINGS" not in "".join(str(each) for each in health_of(settings).findings)
