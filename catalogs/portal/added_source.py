"""Sources of interferograms that other packages add: asked like a root, whatever is behind them.

``--portal word:anything`` names the entry point `word` of `fringewatch.plugins.SOURCES`: a class or
function that is called with `anything` and gives back a `Source`.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Protocol, TypeVar, cast, runtime_checkable
from urllib.parse import urlsplit

from catalogs.records import DatePair, FrameId, FrameRaster, Product, RemoteFile
from fringewatch.errors import FringewatchError, MissingProductError, SourceUnavailableError
from fringewatch.plugins import SOURCES, Plugin, find_plugin

T = TypeVar("T")


@runtime_checkable
class Source(Protocol):
    """Whatever lists the interferograms of a frame and says where the files of each lie.

    What it raises decides what becomes of it: a `MissingProductError` means that it answers and has
    no such thing; anything else that it gives no answer, and the other sources are asked.
    """

    def pairs(self, frame: FrameId) -> Iterable[DatePair]:
        """Return the pairs of a frame, in any order.

        Raises
        ------
        MissingProductError
            If it has no such frame.
        """

    def files(self, frame: FrameId, pair: DatePair) -> Mapping[Product, str | Path]:
        """Return where the GeoTIFFs of a pair lie; products that it lacks are not in it.

        An http or https address is fetched as the portal's are (other hosts than the portal's have
        to be in the setting `portal_hosts`); a file of this machine is read as it lies.
        """


class HasFrameFiles(Protocol):
    """A source that has the rasters of a frame's metadata besides, such as its landmask."""

    def frame_file(self, frame: FrameId, raster: FrameRaster) -> str | Path | None:
        """Return where the raster lies; None if the source does not have it."""


class AddedSource:
    """A source of another package, imported when it is first asked.

    Parameters
    ----------
    text : str
        As a person names it, ``word:anything``.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._opened: tuple[Plugin, Source] | None = None

    def list_pairs(self, frame: FrameId) -> tuple[DatePair, ...]:
        """Return the pairs of a frame, oldest first, each once.

        Raises
        ------
        MissingProductError
            If the source says that it has no such frame.
        SourceUnavailableError
            If it is broken, or anything else goes wrong in it.
        """
        # What somebody else's code gives may be anything, whatever it promises.
        given: tuple[object, ...] = self._ask(lambda source: tuple(source.pairs(frame)))
        for one in given:
            if not _is_pair(one):
                message = f"pairs() gave {one!r}, which is no DatePair of two dates in order"
                raise self._broken(message)
        return tuple(sorted({one for one in given if isinstance(one, DatePair)}))

    def read_pair(self, frame: FrameId, pair: DatePair) -> dict[Product, RemoteFile]:
        """Return where the products of a pair lie; raises as `list_pairs`."""
        given: tuple[tuple[object, object], ...] = self._ask(
            lambda source: tuple(source.files(frame, pair).items())
        )
        found = {}
        for product, place in given:
            if not isinstance(product, Product):
                message = f"files() gave {product!r}, which is no Product"
                raise self._broken(message)
            found[product] = RemoteFile(frame, pair, product, self._address("files", place))
        return found

    def find_frame_file(self, frame: FrameId, raster: FrameRaster) -> str | None:
        """Return the address of a raster of the frame's metadata, if the source has it."""

        def ask(source: Source) -> str | Path | None:
            if not hasattr(source, "frame_file"):
                return None
            return cast("HasFrameFiles", source).frame_file(frame, raster)

        place = self._ask(ask)
        return None if place is None else self._address("frame_file", place)

    def _ask(self, question: Callable[[Source], T]) -> T:
        """Return the answer to a question; what goes wrong is no answer, and says whose fault."""
        if self._opened is None:
            self._opened = self._open()
        plugin, source = self._opened
        try:
            return question(source)
        except (MissingProductError, SourceUnavailableError):
            raise
        except Exception as error:  # somebody else's code, of which nothing is known
            raise self._unavailable(plugin.broken(error)) from error

    def _open(self) -> tuple[Plugin, Source]:
        """Return the plug-in and the source that it makes of what stands behind the colon."""
        word, _, rest = self._text.partition(":")
        try:
            plugin = find_plugin(SOURCES, word)
            if plugin is None:
                message = f"no installed package adds a source '{word}'"
                raise self._unavailable(message)
            source = plugin.call(plugin.load(), rest)
            if not plugin.call(isinstance, source, Source):
                message = "it makes no source: pairs or files is missing"
                raise plugin.broken(message)
        except SourceUnavailableError:
            raise
        except FringewatchError as error:  # one root that cannot be asked does not end the others
            raise self._unavailable(error) from error
        return plugin, source

    def _address(self, name: str, place: object) -> str:
        """Return the address of a file, as a method gave it, as `RemoteFile` has it."""
        try:
            if isinstance(place, Path):
                return place.resolve().as_uri()
            if isinstance(place, str) and urlsplit(place).scheme in {"http", "https"}:
                return place
        except (ValueError, OSError, RuntimeError):  # no name that any file or host can have
            pass
        message = f"{name}() gave {place!r}, which is neither an http or https address nor a Path"
        raise self._broken(message)

    def _broken(self, words: str) -> SourceUnavailableError:
        """Return the error for an answer of the source that is none, with whose it is."""
        if self._opened is None:
            return self._unavailable(words)
        return self._unavailable(self._opened[0].broken(words))

    def _unavailable(self, reason: object) -> SourceUnavailableError:
        return SourceUnavailableError(f"the source {self._text} cannot be used: {reason}")


def _is_pair(one: object) -> bool:
    """Whether it is a pair as `DatePair.parse` makes it; the class itself looks at nothing."""
    if not isinstance(one, DatePair):
        return False
    days = (one.primary, one.secondary)
    return all(type(day) is dt.date for day in days) and days[0] < days[1]
