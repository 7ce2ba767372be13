"""Serve a folder tree by hand: `python -m tests.portal TREE`."""

import argparse
import sys
import time
from pathlib import Path

from tests.portal.server import StandInPortal


def main() -> None:
    """Serve until the keyboard says stop."""
    parser = argparse.ArgumentParser(prog="python -m tests.portal", description=__doc__)
    parser.add_argument(
        "tree", type=Path, help="folder that holds <track>/<frame>/interferograms/<pair>/"
    )
    parser.add_argument("--descending", action="store_true", help="list the newest pair first")
    arguments = parser.parse_args()
    if not arguments.tree.is_dir():
        parser.error(f"{arguments.tree} is no folder")
    with StandInPortal(arguments.tree, descending=arguments.descending) as portal:
        sys.stdout.write(f"{portal.url}\n")
        sys.stdout.flush()
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            sys.stdout.write(f"{len(portal.requests)} requests served\n")


if __name__ == "__main__":
    main()
