"""Commands of the operator: messages, health, the history of runs, schedules."""

import datetime as dt
from typing import TYPE_CHECKING, Annotated

from flows.cli.common import NO_NEGATIVE, NOTHING_HAD, HomeFolder, app, load, prepare
from fringewatch.errors import BadInputError

if TYPE_CHECKING:
    from catalogs.settings import Settings

SOME = 3
"""Something needs a person, or came only in part."""
TRY_LATER = 5


@app.command
def notify(
    *,
    test: Annotated[bool, NO_NEGATIVE] = False,
    list_: Annotated[bool, NO_NEGATIVE] = False,
    home: HomeFolder = None,
) -> int:
    """Send the messages that wait, or a test message, to the channels of the settings.

    Parameters
    ----------
    test
        Send a test message to each channel, now, and say what each made of it.
    list_
        List the messages of the outbox, the newest last, and send nothing.
    """
    settings = load((), home, None)
    if list_:
        return _list_messages(settings)
    if not settings.notify:
        message = (
            'no channel is set: put notify = ["mailto://..."] into '
            f"{settings.home / 'fringewatch.toml'} (docs/messages.md)"
        )
        raise BadInputError(message)
    if test:
        return _test_channels(settings)
    from catalogs.home.home import home_of
    from catalogs.home.reading import find_home, kept_ledger
    from flows.screen import start_logging
    from tasks.messages.send import send_messages

    start_logging()
    kept_ledger(find_home(home_of(settings))).close()
    reports = send_messages(settings, wait_s=30.0)
    for report in reports:
        print(report)
    return 0 if all(report.is_well for report in reports) else SOME


def _test_channels(settings: "Settings") -> int:
    """Send a test message to each channel; the exit code says whether all took it."""
    from tasks.messages.channel import channel_name, send
    from tasks.messages.send import name_of
    from tasks.messages.words import text_of_test

    now = dt.datetime.now(dt.UTC)
    taken = []
    for number, url in enumerate(settings.notify, 1):
        name = channel_name(url)
        attempt = send(url, text_of_test(now), f"test-{now:%Y%m%dT%H%M%S}-{name}")
        taken.append(attempt.taken)
        print(f"{name_of(number, name)}: {'taken' if attempt.taken else attempt.reason}")
    if all(taken):
        return 0
    return SOME if any(taken) else TRY_LATER


def _list_messages(settings: "Settings") -> int:
    """Print all messages that were ever made, oldest first, as they were sent; the exit code."""
    from catalogs.home.home import home_of
    from catalogs.home.reading import find_home, kept_ledger
    from tasks.messages.listing import message_lines

    with kept_ledger(find_home(home_of(settings))) as ledger:
        lines = [*message_lines(ledger, settings, dt.datetime.now(dt.UTC).date())]
    print("\n".join(lines or ["no messages"]))
    return 0


@app.command
def health(*, json: Annotated[bool, NO_NEGATIVE] = False, home: HomeFolder = None) -> int:
    """Say whether the watch is well; exit code 3 if something needs a person, 4 without a home.

    Asks nobody and writes nothing.

    Parameters
    ----------
    json
        As JSON, for programs.
    """
    from tasks.health.health import health_of

    found = health_of(load((), home, None))
    if json:
        print(found.to_json())
    else:
        for line in found.lines():
            print(line)
    if not found.is_there:
        return NOTHING_HAD
    return 0 if found.is_well else SOME


@app.command
def runs(*, last: int = 20, home: HomeFolder = None) -> int:
    """List the runs that the home remembers, the newest first.

    Parameters
    ----------
    last
        How many.
    """
    if last < 1:
        message = f"--last {last}: give 1 or more"
        raise BadInputError(message)
    from catalogs.home.home import home_of
    from catalogs.home.reading import find_home, kept_ledger
    from tasks.health.run_lines import lines_of_runs

    settings = load((), home, None)
    with kept_ledger(find_home(home_of(settings))) as ledger:
        found = ledger.runs(last=last)
    for line in lines_of_runs(found, dt.datetime.now(dt.UTC)):
        print(line)
    if not found:
        print(
            f"no run is remembered in {settings.home} yet: `fringewatch nightly` and backfills are"
        )
    return 0 if found else NOTHING_HAD


@app.command
def serve(*, home: HomeFolder = None) -> int:
    """Keep the schedules in this process, without a work pool, until it is told to end.

    Runs go through the Prefect server that `PREFECT_API_URL` names; without one, a server of our
    own is started, which ends with this process.
    """
    import os

    settings = load((), home, None)
    os.environ.setdefault("PREFECT_LOGGING_LEVEL", "INFO")  # the journal has what runs say
    _warn_of_watch_list(settings)
    from flows.told_to_end import ends_when_told

    def say(line: str) -> None:
        print(line, flush=True)

    from catalogs.home.home import home_of, only_server, open_home

    # Before a server is started: two of them would write to one database.
    with ends_when_told(say), only_server(open_home(home_of(settings))):
        prepare(settings, lasting=True)
        from flows.served import serve_schedules

        serve_schedules(settings, say)
    return 0


def _warn_of_watch_list(settings: "Settings") -> None:
    """Say what is wrong with the watch list now: it can be mended while this process runs."""
    import sys

    from catalogs.places import watch_list

    watched = watch_list(settings)
    faults = list(watched.faults.values())
    if not watched.volcanoes and not faults:
        faults = ["nothing is watched: set watch = [...] in fringewatch.toml"]
    for fault in faults:
        print(f"fringewatch: watch list: {fault}", file=sys.stderr)
