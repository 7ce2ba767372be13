"""Connections that look where they lead before anything is asked over them.

A name is resolved anew for each connection, and may mean another address each time (DNS
rebinding): what counts is where the connection leads in the end.
"""

import socket

from typing_extensions import override
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from catalogs.portal.allowed_hosts import AllowedHosts, ForeignHostError


def guarded_pools(allowed: AllowedHosts) -> dict[str, type[HTTPConnectionPool]]:
    """Return urllib3's pools by scheme, whose connections lead where `allowed` lets them.

    Others are closed with a `ForeignHostError`, before a request is sent.
    """

    class Plain(HTTPConnection):
        @override
        def connect(self) -> None:
            super().connect()
            _check(self, allowed)

    class Encrypted(HTTPSConnection):
        @override
        def connect(self) -> None:
            super().connect()
            _check(self, allowed)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class EncryptedPool(HTTPSConnectionPool):
        ConnectionCls = Encrypted

    return {"http": PlainPool, "https": EncryptedPool}


def _check(connection: HTTPConnection, allowed: AllowedHosts) -> None:
    line: socket.socket | None = connection.sock
    if line is None:
        return
    try:
        allowed.refuse_inside(connection.host, line.getpeername()[0])
    except ForeignHostError:
        connection.close()
        raise
