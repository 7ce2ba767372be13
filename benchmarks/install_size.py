"""How many megabytes a watch must install, with ONNX Runtime and with torch, and training besides.

    python -m benchmarks.install_size

Counts the files of all packages that Fringewatch needs, and of those that they need in turn, as
they lie in this environment; `.pyc` files are left out, since they come with use. Packages that
are not installed are named and count nothing.
"""

import argparse
from importlib import metadata
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import fringewatch
from fringewatch.installation import PACKAGES

_OURS: Final = "fringewatch"
_HERE: Final = Path(fringewatch.__file__).resolve().parents[1]
_TORCH: Final = ("torch", "torchvision")
_ONNX: Final = "onnxruntime"


def needed(names: list[str], without: str | None = None) -> tuple[set[str], set[str]]:
    """Return what packages need in all, themselves included: what is installed, and what is not.

    Parameters
    ----------
    names
        Of packages, with their extras in brackets.
    without
        Package that is left out, and with it what it alone needs.
    """
    found: set[str] = set()
    missing: set[str] = set()
    asked = map(Requirement, names)
    ahead = [(canonicalize_name(each.name), frozenset(each.extras)) for each in asked]
    seen = set(ahead)
    while ahead:
        name, extras = ahead.pop()
        try:
            lines = metadata.distribution(name).requires or []
        except metadata.PackageNotFoundError:
            missing.add(name)
            continue
        found.add(name)
        for requirement in map(Requirement, lines):
            wanted = any(
                requirement.marker is None or requirement.marker.evaluate({"extra": extra})
                for extra in (*extras, "")
            )
            one = (canonicalize_name(requirement.name), frozenset(requirement.extras))
            if wanted and one[0] != without and one not in seen:
                seen.add(one)
                ahead.append(one)
    return found, missing


def megabytes(names: set[str]) -> float:
    """Return how much the files of packages take, each file once."""
    files: dict[Path, int] = {}
    for name in names:
        found = [Path(str(file.locate())).resolve() for file in metadata.files(name) or []]
        if name == _OURS:  # an editable installation lists none of its own modules and weights
            found += [path for folder in PACKAGES for path in (_HERE / folder).rglob("*")]
        for path in found:
            if path.suffix != ".pyc" and path.is_file():
                files[path] = path.stat().st_size
    return sum(files.values()) / 1e6


def main() -> None:
    """Print the table."""
    argparse.ArgumentParser(description=__doc__.partition("\n")[0]).parse_args()
    core, missing = needed([_OURS, _ONNX])
    bare, _ = needed([_OURS], without=_ONNX)
    trains, _ = needed([_OURS, _ONNX, f"{_OURS}[train]"])
    with_torch, missing_too = needed([_OURS, *_TORCH], without=_ONNX)
    print(f"not installed: {', '.join(sorted(missing | missing_too)) or 'none'}")
    for words, names in (
        ("core with onnxruntime", core),
        ("core with torch in its place", with_torch),
        ("core with neither (no encoder can score)", bare),
        ("onnxruntime and what it alone brings", core - bare),
        ("the extra train, added to the core", trains - core),
        ("torch, torchvision and what they alone bring", with_torch - bare),
    ):
        print(f"{words:46}{megabytes(names):8.0f} MB in {len(names)} packages")


if __name__ == "__main__":
    main()
