"""Which hosts may be asked: those of the portal, and those that the operator has named.

Pages and redirects of a server name further addresses. Whoever can write into them must not be
able to turn a machine of an observatory against its own network, or to have it ask strangers.
"""

import ipaddress
import threading
from collections.abc import Iterable
from typing import Final
from urllib.parse import SplitResult, urlsplit

from catalogs.portal.roots import DEFAULT_ROOTS
from fringewatch.errors import BadInputError, SourceUnavailableError
from fringewatch.plain_text import plain

PORTAL_HOSTS: Final = frozenset(
    {
        *(str(urlsplit(root).hostname) for root in DEFAULT_ROOTS),
        "dap.ceda.ac.uk",  # the archive's file server
    }
)
"""Hosts of the portal itself, which its pages link to."""

_PORTS: Final = {"http": 80, "https": 443}
_QUOTED_CHARACTERS: Final = 100


class ForeignHostError(SourceUnavailableError):
    """A link or a redirect leads to a host that nobody has allowed; it was not asked."""


class AllowedHosts:
    """The hosts that one session may ask, and where they are.

    Parameters
    ----------
    named : iterable of str
        Hosts beside the portal's own, as ``name`` (any port) or ``name:port``; they may lie in a
        private network.

    Raises
    ------
    BadInputError
        If one of them is no name of a host.
    """

    def __init__(self, named: Iterable[str] = ()) -> None:
        self._ports: dict[str, set[int | None]] = {}
        """Of each host that the operator named; None for all ports."""
        self._anywhere: set[str] = set()
        self._met_outside: set[str] = set()
        self._lock = threading.Lock()
        for text in named:
            self._add(text)

    def add_root(self, address: str) -> None:
        """Allow the host of a root, at the root's port and the usual ones."""
        parts = urlsplit(address)
        port, host = _port(parts), parts.hostname or ""
        if host not in PORTAL_HOSTS or port not in _PORTS.values():
            self._ports.setdefault(host, set()).update({port, *_PORTS.values()})

    def refuse_foreign(self, url: str) -> None:
        """Let an address pass whose host may be asked.

        Raises
        ------
        ForeignHostError
            If its host is not allowed, or the address holds a user name.
        ValueError
            If it is no address.
        """
        parts = urlsplit(url)
        host, port = parts.hostname or "", _port(parts)
        if parts.scheme not in _PORTS:
            scheme = plain(parts.scheme, _QUOTED_CHARACTERS)
            message = f"it leads to an address of '{scheme}:', not of http or https: not asked"
            raise ForeignHostError(message)
        if "@" in parts.netloc:
            message = (
                f"an address at {plain(host, _QUOTED_CHARACTERS)} holds a user name: not asked"
            )
            raise ForeignHostError(message)
        if not {None, port}.isdisjoint(self._ports.get(host, ())):
            return
        if host in PORTAL_HOSTS and port in _PORTS.values():
            return
        name = plain(host if port in _PORTS.values() else f"{host}:{port}", _QUOTED_CHARACTERS)
        message = (
            f"it leads to {name}, which is no host of the portal and was not asked; if you trust "
            f"it, name it in `portal_hosts` of the settings"
        )
        raise ForeignHostError(message)

    def refuse_inside(self, host: str, peer: str) -> None:
        """Let a connection pass that leads where its host may be.

        The portal's own hosts are on the internet. Those in `named` may lie anywhere. So may
        those of roots, but one that was on the internet before does not move into a private
        network: then somebody has changed what its name means.

        Parameters
        ----------
        host : str
            The name that was asked for.
        peer : str
            The IP address that the connection leads to.

        Raises
        ------
        ForeignHostError
            If the address is one of this machine or of a private network, and may not be.
        """
        host = host.lower().strip("[]")
        address = ipaddress.ip_address(peer.partition("%")[0])
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        with self._lock:
            if address.is_global:
                self._met_outside.add(host)
                return
            is_root = host in self._ports and host not in self._met_outside
            if host in self._anywhere or is_root:
                return
        message = (
            f"the name {plain(host, _QUOTED_CHARACTERS)} leads to {address}, an address of a "
            f"private network or of this machine, and was not asked; if that is right, name it in "
            f"`portal_hosts` of the settings and start again"
        )
        raise ForeignHostError(message)

    def _add(self, text: str) -> None:
        """Take a host from the settings: its name, with a port or for all."""
        try:
            parts = urlsplit(f"//{text}")
            port = parts.port
        except ValueError:
            parts, port = SplitResult("", "", "", "", ""), None
        is_plain = text.isascii() and text.isprintable() and " " not in text
        if not is_plain or not parts.hostname or parts.netloc != text or "@" in text:
            message = f"portal_hosts has {text!r}: give the name of a host, or name:port"
            raise BadInputError(message)
        self._ports.setdefault(parts.hostname, set()).add(port)
        self._anywhere.add(parts.hostname)


def _port(parts: SplitResult) -> int | None:
    return parts.port or _PORTS.get(parts.scheme)
