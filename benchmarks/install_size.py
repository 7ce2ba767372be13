"""Megabytes that the packages of an installation take on the disk, for the core and each extra.

    python -m benchmarks.install_size

What is counted are the files of Fringewatch's distribution and of all that it needs, as they are
installed here, by their records; of an extra what it adds to the core. An extra whose packages are
not installed here is left out, and said to be.
"""

import argparse
from collections.abc import Iterable
from importlib.metadata import Distribution, PackageNotFoundError, distribution, distributions
from pathlib import Path

from packaging.requirements import Requirement

NAME = "fringewatch"
EXTRAS = ("train", "comparison")


def needed(names: Iterable[str], extra: str = "") -> dict[str, Distribution]:
    """Return the distributions that are needed, with all that they need, by their names.

    Raises
    ------
    PackageNotFoundError
        If one of them is not installed here.
    """
    found: dict[str, Distribution] = {}
    queue = [(name, extra) for name in names]
    seen = set()
    while queue:
        name, wanted = queue.pop()
        if (name, wanted) in seen:
            continue
        seen.add((name, wanted))
        each = installed(name)
        found[name] = each
        for requirement in map(Requirement, each.requires or ()):
            marker = requirement.marker
            if marker is None or marker.evaluate({"extra": wanted}):
                key = requirement.name.lower().replace("_", "-")
                queue += [(key, more) for more in (*sorted(requirement.extras), "")]
    return found


def installed(name: str) -> Distribution:
    """Return a distribution as pip installed it, not what a build left in this folder of it."""
    recorded = (each for each in distributions(name=name) if each.read_text("RECORD"))
    return next(recorded, None) or distribution(name)


def megabytes(distributions: Iterable[Distribution]) -> float:
    """Return how much the files of distributions take; what is not there any more takes nothing."""
    paths = {Path(str(file.locate())) for each in distributions for file in each.files or ()}
    return sum(path.stat().st_size for path in paths if path.is_file()) / 1e6


def main() -> None:
    """Print a line for the core and for each extra."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--largest", type=int, default=5, help="packages named in each line")
    largest = parser.parse_args().largest
    core = needed([NAME])
    show("core", core, largest)
    for extra in EXTRAS:
        try:
            added = needed([NAME], extra)
        except PackageNotFoundError as error:
            print(f"{extra:>12}: not installed here ({error})")
            continue
        show(f"+ {extra}", {name: added[name] for name in added.keys() - core.keys()}, largest)


def show(label: str, distributions: dict[str, Distribution], largest: int) -> None:
    """Print the size of distributions and the largest of them."""
    sizes = {name: megabytes([each]) for name, each in distributions.items()}
    first = sorted(sizes, key=lambda name: -sizes[name])[:largest]
    named = ", ".join(f"{name} {sizes[name]:.0f}" for name in first)
    print(f"{label:>12}: {sum(sizes.values()):6.0f} MB in {len(sizes)} packages ({named})")


if __name__ == "__main__":
    main()
