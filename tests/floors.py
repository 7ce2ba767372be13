"""The lowest versions that pyproject.toml allows, as a constraints file: `python tests/floors.py`.

What is asked for without torch: the packages of the watch, and those that its tests need.
"""

import sys
import tomllib
from pathlib import Path

from pip._vendor.packaging.requirements import Requirement  # there before anything is installed

_NEEDS_TORCH = ("fringewatch", "cutde")
_PROJECT = Path(__file__).parents[1] / "pyproject.toml"


def floors() -> dict[str, str]:
    """Lowest version of each package of the watch and of the tests, by its name."""
    project = tomllib.loads(_PROJECT.read_text("utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    found = {}
    for requirement in map(Requirement, wanted):
        lowest = [each.version for each in requirement.specifier if each.operator == ">="]
        if lowest and requirement.name not in _NEEDS_TORCH:
            found[requirement.name] = lowest[0]
    return found


if __name__ == "__main__":
    sys.stdout.writelines(f"{name}=={version}\n" for name, version in floors().items())
