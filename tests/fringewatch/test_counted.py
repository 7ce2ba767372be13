import re
from pathlib import Path

from fringewatch.plain_text import counted
from tests.docs.blocks import ROOT

_ALWAYS_SEVERAL = re.compile(
    r"\{len\([a-z_.]+\)\} (pairs|dates|nights|messages|interferograms|files of others)\b"
)
"""A number of things in words that would be wrong of one thing."""


def test_one_thing_is_called_so() -> None:
    assert counted(1, "such date") == "1 such date"
    assert counted(12_000, "pair") == "12,000 pairs"
    assert counted(2, "patch", "patches") == "2 patches"


def test_what_people_on_duty_read_counts_in_words() -> None:
    read = [ROOT / "insar_models/onset"]
    read += [ROOT / "tasks" / name for name in ("site", "messages", "judge", "review", "standards")]
    wrong = [
        f"{path.relative_to(ROOT)}: {found.group()}"
        for folder in read
        for path in sorted(Path(folder).rglob("*.py"))
        for found in _ALWAYS_SEVERAL.finditer(path.read_text())
    ]
    assert not wrong
