"""A folder behind a real web server on this machine, for as long as a block runs."""

import functools
import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType

from fringewatch.errors import BadInputError, SourceUnavailableError

_LOGGER = logging.getLogger(__name__)
_LOOPBACK = "127.0.0.1"
_STOP_SECONDS = 0.05  # how soon the server sees that the block has ended


@contextmanager
def serve_folder(tree: Path) -> Iterator[str]:
    """Give the base address (without a last slash) of a server that shows `tree`.

    Only this machine reaches it; the system chooses the port. Folders are listed, under an address
    with a last slash; a file without an ending, as a LiCSAR manifest, is plain text. The folder may
    be filled while it is served.

    Raises
    ------
    BadInputError
        If `tree` is no folder.
    SourceUnavailableError
        If the system gives no port.
    """
    if not tree.is_dir():
        message = f"cannot serve {tree}: it is no folder; make it first"
        raise BadInputError(message)
    handler = functools.partial(_Handler, directory=str(tree))
    try:
        server = _Server((_LOOPBACK, 0), handler)
    except OSError as error:
        message = f"cannot serve {tree} on {_LOOPBACK} ({error}): does the system allow sockets?"
        raise SourceUnavailableError(message) from error
    thread = threading.Thread(
        target=server.serve_forever, args=(_STOP_SECONDS,), name="serve-folder", daemon=True
    )
    with server:
        thread.start()
        try:
            address = f"http://{_LOOPBACK}:{server.server_port}"
            _LOGGER.info("serving %s at %s", tree, address)
            yield address
        finally:
            server.shutdown()
            thread.join()


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Log a connection that broke, where the base class prints a traceback."""
        _LOGGER.debug(
            "connection %s of %s broke", request, client_address, exc_info=sys.exception()
        )


class _Handler(SimpleHTTPRequestHandler):
    extensions_map = MappingProxyType(  # type: ignore[assignment]  # a dict there, only read
        {**SimpleHTTPRequestHandler.extensions_map, "": "text/plain", ".tif": "image/tiff"}
    )

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        _LOGGER.debug(format, *args)
