"""Serve a folder tree by hand: `python -m tests.portal TREE --faults FILE`."""

import argparse
import signal
import sys
import time
from pathlib import Path

from tests.portal import pages
from tests.portal.faults import FaultScriptError, load_faults
from tests.portal.server import StandInPortal, is_coherence

_LISTINGS = {"table": pages.apache_table, "lines": pages.apache_lines, "nginx": pages.nginx}
_ARCHIVED = {"coherence": is_coherence, "all": lambda _: True, "none": lambda _: False}


def main() -> None:
    """Serve until the keyboard (or SIGTERM) says stop; then tell what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.portal", description=__doc__)
    parser.add_argument(
        "tree", type=Path, help="folder that holds <track>/<frame>/interferograms/<pair>/"
    )
    parser.add_argument("--faults", type=Path, help="fault script, JSON or TOML")
    parser.add_argument("--port", type=int, default=0, help="0 (default) takes a free one")
    parser.add_argument("--descending", action="store_true", help="list the newest pair first")
    parser.add_argument("--listing", choices=_LISTINGS, default="table", help="form of listings")
    parser.add_argument(
        "--archived", choices=_ARCHIVED, default="coherence", help="files served by the archive"
    )
    parser.add_argument("--etags", action="store_true", help="send ETags")
    arguments = parser.parse_args()
    if not arguments.tree.is_dir():
        parser.error(f"{arguments.tree} is no folder")
    try:
        faults = load_faults(arguments.faults) if arguments.faults else {}
    except (FaultScriptError, OSError) as error:
        parser.error(str(error))
    portal = StandInPortal(
        arguments.tree,
        descending=arguments.descending,
        listing=_LISTINGS[arguments.listing],
        archived=_ARCHIVED[arguments.archived],
        etags=arguments.etags,
        port=arguments.port,
    )
    portal.faults.update(faults)
    # A shell that starts this in the background lets it ignore the keyboard, and SIGINT with it.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with portal:
        sys.stdout.write(f"{portal.url}\n{portal.public_url}\n{portal.archive_url}\n")
        sys.stdout.flush()
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            for transfer in portal.transfers:
                sys.stdout.write(f"{transfer}\n")
            sys.stdout.write(f"{len(portal.requests)} requests served\n")


if __name__ == "__main__":
    main()
