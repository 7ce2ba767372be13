"""The fenced blocks and the commands of README.md and docs/*.md, with what is said before them.

A comment before a block says what it is, unless it is to be run as written:

- ``<!-- synopsis -->``: words in capitals stand for something, brackets for what may be left out;
- ``<!-- not run: REASON -->``: a test cannot run it; its words are checked like a synopsis;
- ``<!-- terminal: NAME -->``: run beside other blocks of the page;
- ``<!-- in: FOLDER -->``: run as written, in that folder of the sandbox;
- ``<!-- picture -->``: no command at all.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))

_BLOCK: Final = re.compile(
    r"(?:^<!-- (?P<mark>[^\n]*?) -->\n+)?^```(?P<language>\w*)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_INLINE: Final = re.compile(r"`((?:fringewatch|prefect|python -m|torchrun) [^`]+)`")


@dataclass(frozen=True)
class Block:
    """A fenced block."""

    page: str
    line: int
    mark: str
    """What the comment before it says; empty without one."""
    language: str
    text: str

    @property
    def name(self) -> str:
        """Page and line, as editors take them."""
        return f"{self.page}:{self.line}"

    def commands(self) -> list[str]:
        """The command lines, continued ones as one, without comments."""
        joined = re.sub(r"\\\n\s*|\n\s+", " ", self.text)
        lines = (re.sub(r"(^|\s)#.*", "", line).strip() for line in joined.splitlines())
        return [line for line in lines if line]


def blocks() -> list[Block]:
    """All fenced blocks of all pages."""
    found = []
    for page in PAGES:
        text = page.read_text("utf-8")
        for match in _BLOCK.finditer(text):
            line = text.count("\n", 0, match.start("text"))
            words = (match[name] or "" for name in ("mark", "language", "text"))
            found.append(Block(str(page.relative_to(ROOT)), line, *words))
    return found


def inline_commands() -> list[tuple[str, str]]:
    """Commands between single backticks that have more than one word, with their pages."""
    return [
        (str(page.relative_to(ROOT)), command)
        for page in PAGES
        for command in _INLINE.findall(page.read_text("utf-8"))
    ]
