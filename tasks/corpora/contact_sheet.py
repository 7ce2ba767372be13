"""Contact sheet of a corpus: patches of every source, from noise to clear fringes, on one page."""

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import matplotlib as mpl
import numpy as np
import xarray as xr
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize, to_rgb
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from catalogs.storage.place import Place
from fringewatch.errors import StoreError
from fringewatch.numbers import FRINGE_M, NO_DATA_CODE, PATCH_SIZE
from insar_models.phase.codes import decode_phase
from tasks.corpora.overview import LABELS, UNKNOWN, damage_told, describe, open_version, word_column
from tasks.pictures.figures import GREY, UNREST, new_figure

COLUMNS: Final = 12
ROWS: Final = 8
"""The sheet has at most this many rows of patches, all sources together."""

NO_DATA_COLOUR: Final = "#B8B8B8"

_COLOURS: Final = mpl.colormaps["twilight"].with_extremes(bad=NO_DATA_COLOUR)
_GAP: Final = 12
_MARGIN: Final = 26
_CAPTION: Final = 46
_STEP: Final = PATCH_SIZE + _CAPTION
_HEAD: Final = 84
_SECTION: Final = 46
_FOOT: Final = 76
_WIDTH: Final = 2 * _MARGIN + COLUMNS * PATCH_SIZE + (COLUMNS - 1) * _GAP
_FRAME: Final = 4
_LETTERS: Final = 24
_DEFORMS: Final = 1
_LABELLED: Final = (0, 1)


@dataclass(frozen=True, eq=False)
class Section:
    """The part of the sheet that shows one source."""

    source: str
    patches: int
    """How many the corpus has of it."""
    shown: NDArray[np.int64]
    """Places in the corpus, the least coherent patch first."""

    @property
    def rows(self) -> int:
        """Rows of patches on the sheet."""
        return math.ceil(len(self.shown) / COLUMNS)


def choose_patches(
    sources: NDArray[np.str_], phasor_coherence: NDArray[np.floating]
) -> tuple[Section, ...]:
    """Return which patches stand on the sheet: always the same of the same corpus.

    Each source gets rows in turn, as long as it has patches for them, the largest first; within a
    source, patches are taken at even steps of rank between the least and the most coherent one.
    Where there are more sources than rows, the smallest are not shown.

    Parameters
    ----------
    sources, phasor_coherence
        Shape (patch,). A patch without a coherence counts as the least coherent.
    """
    names, counts = np.unique(sources, return_counts=True)
    largest_first = np.lexsort((names, -counts))[:ROWS]
    rows = _share_rows([int(counts[place]) for place in largest_first])
    ranked = np.argsort(np.nan_to_num(phasor_coherence, nan=-1.0), kind="stable")
    ranked_sources = sources[ranked]
    sections = []
    for place, row_count in zip(largest_first, rows, strict=True):
        own = ranked[ranked_sources == names[place]]
        most = min(len(own), row_count * COLUMNS)
        steps = np.rint(np.linspace(0, len(own) - 1, most)).astype(np.int64)
        sections.append(Section(str(names[place]), len(own), own[steps]))
    return tuple(sections)


def draw_contact_sheet(place: Place) -> bytes:
    """Return a PNG that shows the version at `place` (``<name>/<version>.zarr``).

    Up to 8 rows of 12 patches, each drawn pixel by pixel in a cyclic colour map, no data in grey,
    with volcano (or picture, or scene), dates, label and phasor coherence below; patches that
    deform have a frame. The same version gives the same bytes.

    Raises
    ------
    StoreError
        If there is no finished version there, it holds no patch, or it is damaged.
    HomeError
        If the storage does not answer.
    """
    columns = open_version(place, more=("primary", "location"))
    if not columns.sizes["patch"]:
        message = f"{place} holds no patch: there is nothing to draw"
        raise StoreError(message)
    sections = choose_patches(
        word_column(columns, "source"), columns["phasor_coherence"].to_numpy()
    )
    height = _HEAD + _FOOT + sum(_SECTION + section.rows * _STEP for section in sections)
    sheet = _Sheet(new_figure(_WIDTH, height), np.full((height, _WIDTH, 3), 255, dtype=np.uint8))
    _draw_head(sheet, place, columns)
    top = _HEAD
    for section in sections:
        with damage_told(place):
            shown = columns.isel(patch=section.shown).load()
        sheet.write((_MARGIN, top + _SECTION // 2), _section_words(section, shown), size=13)
        _draw_patches(sheet, top + _SECTION, shown)
        top += _SECTION + section.rows * _STEP
    _draw_foot(sheet)
    return sheet.png()


@dataclass(frozen=True, eq=False)
class _Sheet:
    """Pixels, and a figure of the same size that writes words over them."""

    figure: Figure
    pixels: NDArray[np.uint8]
    """Shape (height, width, 3)."""

    def write(self, place: tuple[float, float], words: str, size: float = 8.5, **how: Any) -> None:
        """Write at pixels from the upper left corner, centred on that height."""
        height, width = self.pixels.shape[:2]
        # Names may hold a dollar sign, which is no formula.
        how = {"va": "center", "parse_math": False, **how}
        self.figure.text(place[0] / width, 1 - place[1] / height, words, fontsize=size, **how)

    def png(self) -> bytes:
        """Return the picture; the same sheet gives the same bytes."""
        self.figure.figimage(self.pixels, origin="upper", zorder=-1)
        canvas = FigureCanvasAgg(self.figure)
        raw = io.BytesIO()
        canvas.print_raw(raw)  # type: ignore[no-untyped-call]  # matplotlib's
        height, width = self.pixels.shape[:2]
        drawn = Image.frombytes("RGBA", (width, height), raw.getvalue()).convert("RGB")
        # Noise cannot be compressed, but one byte a pixel instead of three looks the same.
        content = io.BytesIO()
        drawn.quantize(palette=_palette(), dither=Image.Dither.NONE).save(content, format="png")
        return content.getvalue()


def _draw_patches(sheet: _Sheet, top: int, shown: xr.Dataset) -> None:
    """Draw patches in rows from the pixel row `top` on, with frames and captions."""
    colour_of = _colour_of_bytes()
    frame = np.array(to_rgb(UNREST)) * 255
    phase = shown["phase"].to_numpy()
    captions = _captions(shown)
    for number, caption in enumerate(captions):
        row, column = divmod(number, COLUMNS)
        x, y = _MARGIN + column * (PATCH_SIZE + _GAP), top + row * _STEP
        if caption.label == _DEFORMS:
            sheet.pixels[
                y - _FRAME : y + PATCH_SIZE + _FRAME, x - _FRAME : x + PATCH_SIZE + _FRAME
            ] = frame
        # Pixel by pixel: whatever lies between two pixels would cross the jump from pi to -pi.
        sheet.pixels[y : y + PATCH_SIZE, x : x + PATCH_SIZE] = colour_of[phase[number]]
        first, second = y + PATCH_SIZE + 13, y + PATCH_SIZE + 27
        sheet.write((x, first), caption.name, fontweight="bold")
        sheet.write((x, second), caption.dates, size=8)
        colour = UNREST if caption.label == _DEFORMS else GREY
        words = LABELS[caption.label] if caption.label in _LABELLED else ""
        sheet.write((x + PATCH_SIZE, second), words, size=8, color=colour, ha="right")
        sheet.write((x + PATCH_SIZE, first), caption.coherence, ha="right")


@dataclass(frozen=True)
class _Caption:
    name: str
    dates: str
    label: int
    coherence: str


def _captions(shown: xr.Dataset) -> list[_Caption]:
    """What stands below each of these patches."""
    volcanoes, locations = (word_column(shown, name) for name in ("volcano", "location"))
    labels = shown["label"].to_numpy()
    coherence = shown["phasor_coherence"].to_numpy()
    days = [shown[name].to_numpy().astype("datetime64[D]") for name in ("primary", "secondary")]
    captions = []
    for number, volcano in enumerate(volcanoes):
        name = _place_name(locations[number]) if volcano == UNKNOWN else volcano
        first, last = days[0][number], days[1][number]
        dated = not (np.isnat(first) or np.isnat(last))
        captions.append(
            _Caption(
                name=name
                if len(name) <= _LETTERS
                else f"\N{HORIZONTAL ELLIPSIS}{name[-_LETTERS:]}",
                dates=f"{first} to {last}" if dated else "no dates",
                label=int(labels[number]),
                coherence="no data" if np.isnan(coherence[number]) else f"{coherence[number]:.2f}",
            )
        )
    return captions


def _place_name(location: str) -> str:
    return f"scene {location}" if location.isdecimal() else location


def _section_words(section: Section, shown: xr.Dataset) -> str:
    coherence = shown["phasor_coherence"].to_numpy()
    least, most = (f"{coherence[place]:.2f}".replace("nan", "no data") for place in (0, -1))
    return (
        f"{section.source}: {len(section.shown):,} of {section.patches:,} patches, from the least "
        f"coherent ({least}) to the most ({most})"
    )


def _share_rows(patches: Sequence[int]) -> list[int]:
    """Rows of each source: one each in turn, as long as rows are left and patches to fill them."""
    wanted = [math.ceil(count / COLUMNS) for count in patches]
    given = [0] * len(patches)
    while sum(given) < min(ROWS, sum(wanted)):
        for number in range(len(patches)):
            if given[number] < wanted[number] and sum(given) < ROWS:
                given[number] += 1
    return given


def _colour_of_bytes() -> NDArray[np.uint8]:
    """Colour of each phase byte, uint8 (256, 3)."""
    cycle = (decode_phase(np.arange(256, dtype=np.uint8)) + math.pi) / (2 * math.pi)
    colours = _COLOURS(np.ma.masked_invalid(cycle), bytes=True)
    return np.asarray(colours, dtype=np.uint8)[:, :3]


def _palette() -> Image.Image:
    """No data, every second colour of the cycle, and shades for words and frames."""
    cycle = _colour_of_bytes()[np.r_[NO_DATA_CODE, 1:256:2]]
    shades = [np.linspace(to_rgb(ink), (1.0, 1.0, 1.0), 32) for ink in ("black", UNREST)]
    colours = [*cycle.tolist(), *np.rint(255 * np.concatenate(shades)).astype(int).tolist()]
    holder = Image.new("P", (1, 1))
    holder.putpalette([int(level) for colour in colours for level in colour])
    return holder


def _draw_head(sheet: _Sheet, place: Place, columns: xr.Dataset) -> None:
    """Draw name and numbers of the corpus above its patches."""
    overview = describe(place, columns)
    years = [year for year, _ in overview.years if year != UNKNOWN]
    facts = [f"{overview.patches:,} patches"]
    named = [volcano for volcano, _ in overview.volcanoes if volcano != UNKNOWN]
    facts.append(f"{len(named):,} volcanoes")
    facts += [f"{years[0]} to {years[-1]}"] if years else []
    said = ", ".join(f"{words} {count:,}" for words, count in overview.labels)
    facts.append(f"labels: {said}")
    sheet.write((_MARGIN, 30), f"{overview.name} {overview.version}", size=19, fontweight="bold")
    sheet.write((_MARGIN, 64), "   ".join(facts), size=12, color=GREY)


def _draw_foot(sheet: _Sheet) -> None:
    """Draw the colours of the phase, and say what is what."""
    height, width = sheet.pixels.shape[:2]
    axes = sheet.figure.add_axes((_MARGIN / width, 40 / height, 420 / width, 16 / height))
    bar = sheet.figure.colorbar(
        ScalarMappable(Normalize(-math.pi, math.pi), _COLOURS), cax=axes, orientation="horizontal"
    )
    pi = "\N{GREEK SMALL LETTER PI}"
    bar.set_ticks([-math.pi, 0, math.pi], labels=[f"\N{MINUS SIGN}{pi}", "0", pi])
    axes.tick_params(labelsize=10, length=2)
    sheet.write(
        (_MARGIN + 450, height - 48),
        f"Wrapped phase: one cycle is {1000 * FRINGE_M:.1f} mm along the line of sight. Grey: no "
        "data. Framed: deforming, as its label says. Number: phasor coherence, from noise "
        "(0.30) to smooth phase (1).",
        size=11,
        color=GREY,
    )
