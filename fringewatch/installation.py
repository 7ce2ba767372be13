"""Whether the packages that Python finds by our names are ours: `tasks` and `flows` are common."""

from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from importlib.util import find_spec
from pathlib import Path
from typing import Final

DISTRIBUTION: Final = "fringewatch"

PACKAGES: Final = ("catalogs", "flows", "fringewatch", "insar_models", "tasks")
"""What the distribution puts beside other packages."""

_ADVICE: Final = "install Fringewatch into an environment of its own (python -m venv)"


def misplaced_packages() -> list[str]:
    """Return a sentence for each of our packages that Python finds elsewhere, or not at all."""
    ours = Path(__file__).resolve().parents[1]
    sentences = []
    for name in PACKAGES:
        spec = find_spec(name)
        if spec is None:
            sentences.append(f"the package '{name}' of Fringewatch is missing: install it again")
            continue
        # A folder without an __init__.py has no origin, only places.
        places = [spec.origin] if spec.origin else list(spec.submodule_search_locations or ())
        if not any(Path(place).resolve().is_relative_to(ours / name) for place in places):
            owners = " and ".join(_owners()[name]) or "no installed distribution"
            sentences.append(
                f"the package '{name}' that Python finds at {', '.join(places)} is not "
                f"Fringewatch's, it belongs to {owners}: {_ADVICE}"
            )
    return sentences


def shared_packages() -> list[str]:
    """Return a sentence for each of our packages into which another distribution puts files too.

    All installed files are looked through, which takes a second or so.
    """
    found = []
    for name, owners in _owners().items():
        others = [owner for owner in owners if owner.split()[0] != DISTRIBUTION]
        if others:
            found.append(
                f"the package '{name}' belongs to Fringewatch and to {' and '.join(others)}, which "
                f"overwrite each other's files: {_ADVICE}"
            )
    return found


def _owners() -> dict[str, list[str]]:
    """Return, for each of our packages, the distributions that put files there, with versions."""
    found: dict[str, set[str]] = {name: set() for name in PACKAGES}
    for each in distributions():
        for name in found.keys() & set(_packages(each)):
            found[name].add(f"{each.name} {each.version}")
    return {name: sorted(owners) for name, owners in found.items()}


def _packages(distribution: Distribution) -> Iterator[str]:
    """Give the names of the packages and modules of a distribution; some more than once."""
    yield from (distribution.read_text("top_level.txt") or "").split()
    for file in distribution.files or ():
        first = file.parts[0]
        yield first if len(file.parts) > 1 else first.removesuffix(".py")
