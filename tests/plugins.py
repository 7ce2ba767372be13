"""Small packages that add parts to Fringewatch, installed into a folder without a network."""

from collections.abc import Mapping
from pathlib import Path


def install(
    site: Path, name: str, parts: Mapping[str, Mapping[str, str]], modules: Mapping[str, str]
) -> None:
    """Write what pip leaves of a package: its modules, and a folder that describes it.

    Parameters
    ----------
    site
        The folder, to be put into PYTHONPATH.
    name
        Of the package; its version is 1.0.
    parts
        Entry points by group and name.
    modules
        Text by file name; a name may have folders.
    """
    for file, text in modules.items():
        (site / file).parent.mkdir(parents=True, exist_ok=True)
        (site / file).write_text(text, "utf-8")
    record = site / f"{name.replace('-', '_')}-1.0.dist-info"
    record.mkdir()
    (record / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    lines = [
        line
        for group, entries in parts.items()
        for line in (f"[{group}]", *(f"{key} = {value}" for key, value in entries.items()), "")
    ]
    (record / "entry_points.txt").write_text("\n".join(lines), "utf-8")
    (record / "RECORD").write_text("".join(f"{file},,\n" for file in modules), "utf-8")
