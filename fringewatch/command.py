"""The command `fringewatch`: first a look whether its packages are its own, then the command line.

The check stands before the first import of another package, which would otherwise fail with
somebody else's traceback.
"""

import sys
from importlib import import_module

from fringewatch.installation import misplaced_packages, shared_packages

_BAD_INSTALLATION = 2


def main() -> None:
    """Run the command line and exit with its code."""
    problems = misplaced_packages()
    if not problems:
        try:
            command_line = import_module("flows.cli")
        except ImportError:
            problems = shared_packages()
            if not problems:
                raise
    if problems:
        for problem in problems:
            sys.stderr.write(f"fringewatch: {problem}\n")
        raise SystemExit(_BAD_INSTALLATION)
    command_line.main()
