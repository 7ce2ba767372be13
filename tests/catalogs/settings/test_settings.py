import datetime as dt
import traceback
from pathlib import Path

import pytest
from pydantic import ValidationError

from catalogs.settings import Settings, load_settings
from fringewatch.errors import BadInputError
from insar_models.onset.methods import METHOD_NAMES


@pytest.fixture(autouse=True)
def _own_method(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FRINGEWATCH_METHOD", raising=False)  # that of whole runs in tests


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def test_an_argument_beats_the_environment_and_that_beats_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "fringewatch.toml").write_text('connections = 2\nretries = 2\nmodel = "file"\n')
    monkeypatch.setenv("FRINGEWATCH_RETRIES", "3")
    monkeypatch.setenv("FRINGEWATCH_MODEL", "environment")
    settings = load_settings(home=tmp_path, model="argument")
    assert (settings.connections, settings.retries, settings.model) == (2, 3, "argument")


def test_the_file_is_looked_for_in_the_home_that_the_environment_names(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "fringewatch.toml").write_text('watch = ["taal", "etna"]\n')
    monkeypatch.setenv("FRINGEWATCH_HOME", str(tmp_path))
    assert load_settings().watch == ("taal", "etna")


def test_a_misspelt_variable_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRINGEWATCH_CONECTIONS", "2")
    with pytest.raises(BadInputError, match="FRINGEWATCH_CONNECTIONS"):
        load_settings()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("conections = 2", "conections: there is no such setting; did you mean connections?"),
        ('wach = ["taal"]', "wach: there is no such setting; did you mean watch?"),
        ("something_else = 1", "something_else: there is no such setting; docs/operate.md lists"),
        (
            "[volcanoes.taal]",
            r"\[volcanoes.taal\] is no table of the settings: write \[volcano.taal\]",
        ),
        (
            "[volcano.taal]\ntreshold = 1.0",
            r"\[volcano.taal\] treshold: .* did you mean threshold\?",
        ),
        (
            "[volcano.taal]\nzzz = 1.0",
            r"\[volcano.taal\] zzz: there is no such setting; one of bad_p",
        ),
        ("[volcano]\ntaal = 3", r"volcano.taal = 3: write a table: \[volcano.taal\]"),
        ("[volcano.taal]\nthreshold = nan", "volcano.taal.threshold = nan: it is no number"),
        (
            "[volcano.taal]\nmethod_options = { begin = 'a' }",
            "wrong: volcano.taal.method_options.begin = 'a': write a number, or true or false$",
        ),
        ("[volcano.taal]\nthreshold = { a = nan }", "volcano.taal.threshold.a = nan: it is no"),
        ("[volcano.index]\nlatitude = 1\nlongitude = 2", "volcano.index.*take another name"),
        ("portal = []", r"portal = \[\]: it is empty: leave the entry out"),
        ('user_agent = ""', "user_agent = '': it is empty"),
        ("notify_digest = 6", "notify_digest = 6: write an hour of the day, UTC"),
        ('watch = "taal"', r"watch = 'taal': write a list: watch = \[\"taal\"\]"),
        ("watch = [1]", r"watch\[1\] = 1: write it in quotes"),
        (
            'notify_digest = "6am"',
            "notify_digest = '6am': write an hour of the day, UTC, as \"HH:MM\"",
        ),
        ('stale_days = "30 days"', "stale_days = '30 days': write a whole number of days, without"),
        ("stale_days = 30.5", "stale_days = 30.5: write a whole number of days"),
        ("night_hours = nan", "night_hours = nan: it is no number: give one"),
        ("worker_memory_gb = inf", "worker_memory_gb = inf: write a number of gb"),
        ("connections = true", "connections = True: write a number"),
        ("night_hours = false", "night_hours = False: write a number"),
        ('netrc = "ja"', "netrc = 'ja': write true or false"),
        ('exports = ["kmz", "x"]', r"exports\[2\] = 'x'"),
        ("connections = 99", "connections = 99"),
        ('home = "elsewhere"', r"home = 'elsewhere': the home is the folder .* FRINGEWATCH_HOME"),
        ("water_coherence = 'x'", "water_coherence = 'x'"),
        ("deforming_share = 0", "deforming_share = 0: it should be greater"),
        ("deforming_share = 2", "deforming_share = 2: it should be less"),
        ("connections = ", "no TOML"),
        ('method = "guess"', "method = 'guess'.*rule, cumulative-sum, deconvolution"),
        ('method_options = "dates"', "method_options = 'dates'"),
        ('method_options = { dates = "two" }', "method_options.dates.* = 'two'"),
    ],
)
def test_a_wrong_file_is_refused_with_the_name_and_value(
    tmp_path: Path, text: str, words: str
) -> None:
    (tmp_path / "fringewatch.toml").write_text(text)
    with pytest.raises(BadInputError, match=words):
        load_settings(home=tmp_path)


def test_the_method_and_its_options_come_from_the_file_and_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "fringewatch.toml").write_text(
        'method = "cumulative-sum"\n[method_options]\nlevel = 2\nshare = 0.5\n'
    )
    settings = load_settings(home=tmp_path)
    assert settings.method == "cumulative-sum"
    assert settings.method_options == {"level": 2, "share": 0.5}
    assert isinstance(settings.method_options["level"], int)
    monkeypatch.setenv("FRINGEWATCH_METHOD_OPTIONS", '{"level": 3}')
    assert load_settings(home=tmp_path).method_options["level"] == 3


def test_every_method_can_be_set() -> None:
    for name in METHOD_NAMES:
        assert load_settings(method=name).method == name
    assert load_settings().method in METHOD_NAMES


def test_settings_do_not_change() -> None:
    settings = Settings()
    with pytest.raises(ValidationError, match="frozen"):
        settings.model = "other"


@pytest.mark.parametrize(
    ("text", "watch"),
    [
        ("taal", ("taal",)),
        ("taal,etna", ("taal", "etna")),
        (" taal , etna, ", ("taal", "etna")),
        ('["taal", "etna"]', ("taal", "etna")),
        ('"taal"', ("taal",)),
        ("", ()),
    ],
)
def test_a_list_of_the_environment_is_words_or_json(
    monkeypatch: pytest.MonkeyPatch, text: str, watch: tuple[str, ...]
) -> None:
    monkeypatch.setenv("FRINGEWATCH_WATCH", text)
    assert load_settings().watch == watch


def test_every_list_of_the_environment_is_read_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRINGEWATCH_PORTAL", "http://a.example/x, https://b.example/y/")
    assert load_settings().portal == ("http://a.example/x", "https://b.example/y")
    monkeypatch.setenv("FRINGEWATCH_PORTAL", "ftp://a.example/x")
    with pytest.raises(BadInputError, match=r"ftp://a\.example/x"):
        load_settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [("WATCH", '["taal"'), ("METHOD_OPTIONS", "{level"), ("RETRY_UNTIL", "25:00"),
     ("RETRY_UNTIL", "06:00+02:00"), ("RETRY_PAUSE_MINUTES", "0")],
)  # fmt: skip
def test_a_wrong_value_of_the_environment_is_said(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"FRINGEWATCH_{name}", value)
    with pytest.raises(BadInputError) as caught:
        load_settings()
    assert name.lower() in str(caught.value).lower()
    assert value in str(caught.value)


def test_the_hour_of_the_last_try_can_be_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FRINGEWATCH_RETRY_UNTIL", raising=False)
    assert load_settings().retry_until == dt.time(6)
    monkeypatch.setenv("FRINGEWATCH_RETRY_UNTIL", "05:30")
    assert load_settings().retry_until == dt.time(5, 30)
    monkeypatch.setenv("FRINGEWATCH_RETRY_UNTIL", "")
    assert load_settings().retry_until is None


SECRET = "mailto://watch:hunter2@smtp.example?to=officer@observatory.example"  # noqa: S105 - of nobody


def test_channels_and_the_heartbeat_are_shown_nowhere(tmp_path: Path) -> None:
    (tmp_path / "fringewatch.toml").write_text(
        f'notify = ["{SECRET}", "ntfy://topic-hunter2"]\nheartbeat_url = "https://hc.example/hunter2"\n'
    )
    settings = load_settings(home=tmp_path)
    assert settings.notify[0].get_secret_value() == SECRET
    for shown in (repr(settings), str(settings), settings.model_dump_json(), str(settings.notify)):
        assert "hunter2" not in shown
        assert "officer" not in shown


@pytest.mark.parametrize(
    "text",
    [
        f'notify = "{SECRET}"',
        f'notifi = ["{SECRET}"]',
        'heartbeat_url = "hunter2 no address"',
        'heartbeat_url = "https://user:hunter2@hc.example/"',
        f'notify = ["{SECRET}"',
    ],
)
def test_a_wrong_channel_is_named_without_its_secret(tmp_path: Path, text: str) -> None:
    (tmp_path / "fringewatch.toml").write_text(text)
    with pytest.raises(BadInputError) as caught:
        load_settings(home=tmp_path)
    lines = "".join(traceback.format_exception(caught.value))
    assert "hunter2" not in lines
    assert "officer" not in lines
    assert any(word in str(caught.value) for word in ("notif", "heartbeat_url", "no TOML"))


def test_an_address_that_is_none_stops_no_command(tmp_path: Path) -> None:
    (tmp_path / "fringewatch.toml").write_text('notify = ["ntfy://topic", "hunter2"]')
    settings = load_settings(home=tmp_path)
    assert len(settings.notify) == 2
    assert "hunter2" not in repr(settings)


def test_a_file_with_a_mark_of_byte_order_is_read(tmp_path: Path) -> None:
    (tmp_path / "fringewatch.toml").write_bytes(
        b'\xef\xbb\xbfwatch = ["taal"]\r\nconnections = 2\r\n'
    )
    settings = load_settings(home=tmp_path)
    assert (settings.watch, settings.connections) == (("taal",), 2)


def test_a_folder_in_the_place_of_the_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "fringewatch.toml").mkdir()
    with pytest.raises(BadInputError, match=r"fringewatch.toml is a folder"):
        load_settings(home=tmp_path)


def test_channels_of_the_environment_may_have_commas_inside(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FRINGEWATCH_NOTIFY", "mailto://h?to=a@x.example,b@x.example, ntfy://t")
    found = [each.get_secret_value() for each in load_settings().notify]
    assert found == ["mailto://h?to=a@x.example,b@x.example", "ntfy://t"]
    monkeypatch.setenv("FRINGEWATCH_NOTIFY", '["ntfy://hunter2"')
    with pytest.raises(BadInputError, match="NOTIFY") as caught:
        load_settings()
    assert "hunter2" not in "".join(traceback.format_exception(caught.value))
    monkeypatch.setenv("FRINGEWATCH_NOTIFY", "")
    assert load_settings().notify == ()
