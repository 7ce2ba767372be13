"""The volcanoes that Fringewatch knows, and the LiCSAR frames that see each of them.

``volcanoes.csv`` is maintained by hand, sorted by slug. Numbers and coordinates are those of the
Smithsonian's Volcanoes of the World (Fagradalsfjall has been an entry of its own, 371032, since
its eruptions), regions are those of the COMET volcano portal, frames come from the portal,
from the labels of Hephaestus, from the paper's dataset and from LiCSAR's table of 2021: every frame
of theirs that covers enough of the window by `catalogs.world.frame_geometry` is listed. Frames
stand best first: those that hold more of the volcano's window before those that hold less and,
among equals, frames with labels before others and very long frames last.
"""

import difflib
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Self

from catalogs.csv_rows import CsvRow, read_csv_rows
from catalogs.records import FrameId, Volcano
from fringewatch.errors import BadInputError

_CATALOGUE = Path(__file__).with_name("volcanoes.csv")
_HEADER = ("name", "slug", "gvp_number", "latitude", "longitude", "region", "frames")
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_GVP_NUMBER = re.compile(r"[1-9][0-9]{5}")
_REGION = re.compile(r"[a-z]+(_[a-z]+)*")

# Letters that Unicode does not take apart into a plain letter and a mark.
_PLAIN_LETTERS = str.maketrans({"æ": "ae", "ð": "d", "þ": "th", "ø": "o", "ł": "l"})
_SEPARATORS = re.compile(r"[\W_]+")
_SUGGESTIONS = 3


def plain_spelling(text: str) -> str:
    """Return `text` in lower case and without accents, with single hyphens between its words.

    >>> plain_spelling("  Öræfajökull_(South)")
    'oraefajokull-south'
    """
    # Case folding can bring marks, and taking apart can bring capitals: hence twice.
    folded = unicodedata.normalize("NFKD", text).casefold()
    parts = unicodedata.normalize("NFKD", folded).casefold()
    letters = "".join(letter for letter in parts if not unicodedata.combining(letter))
    return _SEPARATORS.sub("-", letters.translate(_PLAIN_LETTERS)).strip("-")


def is_slug(text: str) -> bool:
    """Return whether `text` can be a slug: it names folders and stands in commands."""
    return _SLUG.fullmatch(text) is not None


def read_volcanoes(path: Path) -> tuple[Volcano, ...]:
    """Return the volcanoes of a catalogue file, in the file's order.

    Raises
    ------
    BadInputError
        If the file or a value is wrong, or one spelling or number would mean two volcanoes; the
        message names the file, the line and the value.
    """
    volcanoes = []
    lines: dict[str, int] = {}
    for row in read_csv_rows(path, _HEADER):
        volcano = _parse_volcano(row)
        for spelling in sorted(_spellings(volcano)):
            if spelling in lines:
                message = (
                    f"{path}, line {row.line}: '{spelling}' means the volcano of line "
                    f"{lines[spelling]} already: slugs, names and numbers must differ"
                )
                raise BadInputError(message)
            lines[spelling] = row.line
        volcanoes.append(volcano)
    return tuple(volcanoes)


@dataclass(frozen=True)
class VolcanoCatalogue:
    """Volcanoes that can be found by name: those that ship, or those that a home knows."""

    volcanoes: tuple[Volcano, ...]
    """Sorted by slug; no spelling of one means another."""

    def find(self, name: str) -> Volcano:
        """Return the one volcano that `name` means: a slug, a name in any spelling, or a number.

        Raises
        ------
        BadInputError
            If there is none; the message suggests the nearest ones.
        """
        spelling = plain_spelling(name)
        found = self._by_spelling.get(spelling)
        if found is not None:
            return found
        suggestions = self._suggestions(spelling)
        question = f"; did you mean {', '.join(suggestions)}?" if suggestions else ";"
        message = (
            f"no volcano '{name}' in the catalogue{question} `fringewatch volcanoes` lists all"
        )
        raise BadInputError(message)

    def search(self, text: str = "") -> tuple[Volcano, ...]:
        """Return the volcanoes that `text` could mean, sorted by slug; all when it is empty.

        Each word of `text` must occur in the name, the slug, the number, the region or a frame;
        case, accents, underscores and hyphens make no difference.
        """
        words = [plain_spelling(word) for word in text.split()]
        return tuple(
            volcano
            for volcano in self.volcanoes
            if all(any(word in field for field in _fields(volcano)) for word in words)
        )

    def checked(self) -> Self:
        """Return the catalogue itself.

        Raises
        ------
        BadInputError
            If one spelling or number means two volcanoes.
        """
        meant: dict[str, Volcano] = {}
        for volcano in self.volcanoes:
            for spelling in sorted(_spellings(volcano)):
                other = meant.setdefault(spelling, volcano)
                if other is not volcano:
                    message = (
                        f"'{spelling}' means both {other.slug} and {volcano.slug}: give the one "
                        "that is yours another name or number in fringewatch.toml"
                    )
                    raise BadInputError(message)
        return self

    @cached_property
    def _by_spelling(self) -> Mapping[str, Volcano]:
        return {spelling: volcano for volcano in self.volcanoes for spelling in _spellings(volcano)}

    def _suggestions(self, spelling: str) -> list[str]:
        """Return the slugs of a few volcanoes whose spelling contains the given, or is close."""
        by_spelling = self._by_spelling
        # Part of a name (sakurajima, cristobal) is too far from the whole name for difflib.
        near = sorted(known for known in by_spelling if spelling and spelling in known)
        if not near:
            near = difflib.get_close_matches(spelling, by_spelling)
        return list(dict.fromkeys(by_spelling[known].slug for known in near))[:_SUGGESTIONS]


@cache
def shipped_catalogue() -> VolcanoCatalogue:
    """Return Fringewatch's own catalogue.

    Raises
    ------
    BadInputError
        If someone has edited it into something that cannot be read.
    """
    return VolcanoCatalogue(read_volcanoes(_CATALOGUE))


def load_volcanoes() -> tuple[Volcano, ...]:
    """Return the volcanoes of Fringewatch's own catalogue, sorted by slug; raises as that."""
    return shipped_catalogue().volcanoes


def find_volcano(name: str) -> Volcano:
    """Return what `VolcanoCatalogue.find` finds in Fringewatch's own catalogue; raises as that.

    A home can know more: `catalogs.places.catalogue_of`.
    """
    return shipped_catalogue().find(name)


def select_frames(volcano: Volcano, names: Sequence[str]) -> tuple[FrameId, ...]:
    """Return the frames of `volcano` that `names` ask for, each once; all when `names` is empty.

    Raises
    ------
    BadInputError
        If a name is no frame id, the catalogue does not list that frame for this volcano, or it
        knows none at all.
    """
    if not names and not volcano.frames:
        message = (
            f"no LiCSAR frame is known for {volcano.slug} ({volcano.latitude:g}, "
            f"{volcano.longitude:g}): give frames = [...] under [volcano.{volcano.slug}] in "
            "fringewatch.toml"
        )
        raise BadInputError(message)
    if not names:
        return volcano.frames
    chosen = dict.fromkeys(FrameId.parse(name) for name in names)
    for frame in chosen:
        if frame not in volcano.frames:
            listed = ", ".join(str(known) for known in volcano.frames)
            message = f"frame {frame} is not listed for {volcano.slug}: choose from {listed}"
            raise BadInputError(message)
    return tuple(chosen)


def _parse_volcano(row: CsvRow) -> Volcano:
    """The volcano of a row; an error that names the row's line and column if it is none."""
    slug, number, region = row.text("slug"), row.text("gvp_number"), row.text("region")
    if _SLUG.fullmatch(slug) is None:
        row.reject("slug", "lower-case words joined by hyphens, such as cerro-azul")
    if _GVP_NUMBER.fullmatch(number) is None:
        row.reject("gvp_number", "a Smithsonian number of six digits, such as 371032")
    if _REGION.fullmatch(region) is None:
        row.reject("region", "lower-case words joined by underscores, such as south_america")
    return Volcano(
        name=row.text("name"),
        slug=slug,
        gvp_number=int(number),
        latitude=row.degrees("latitude", 90.0),
        longitude=row.degrees("longitude", 180.0),
        region=region,
        frames=_parse_frames(row),
    )


def _parse_frames(row: CsvRow) -> tuple[FrameId, ...]:
    expected = "LiCSAR frames with single blanks between them, each once, best first"
    names = row.text("frames").split(" ")
    if len(set(names)) != len(names):
        row.reject("frames", expected)
    try:
        return tuple(FrameId.parse(name) for name in names)
    except BadInputError as error:
        row.reject("frames", f"{expected} ({error})")


def _spellings(volcano: Volcano) -> set[str]:
    own = {volcano.slug, plain_spelling(volcano.name)}
    return own | {str(volcano.gvp_number)} if volcano.gvp_number else own


def _fields(volcano: Volcano) -> Iterator[str]:
    yield from _spellings(volcano)
    yield plain_spelling(volcano.region)
    for frame in volcano.frames:
        yield plain_spelling(frame.text)
