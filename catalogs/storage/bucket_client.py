"""How we talk to object storage: patience, credentials, and errors that a person understands.

Credentials and the endpoint come from the usual variables: ``AWS_ACCESS_KEY_ID``,
``AWS_SECRET_ACCESS_KEY``, ``AWS_REGION`` and, for storage that is not Amazon's,
``AWS_ENDPOINT_URL``.
"""

import datetime as dt
import os
import re
from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Final

from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import S3Store
from typing_extensions import override
from zarr.abc.store import ByteRequest
from zarr.core.buffer import Buffer, BufferPrototype
from zarr.storage import ObjectStore

from fringewatch.errors import HomeError, StorageUnavailableError

RETRIES: Final[dict[str, Any]] = {
    "max_retries": 11,
    "retry_timeout": dt.timedelta(seconds=90),
    "backoff": {
        "init_backoff": dt.timedelta(seconds=0.2),
        "max_backoff": dt.timedelta(seconds=5),
        "base": 6,
    },
}
"""How often and how long a request is repeated: 20 to 45 s against storage that is down.

A pause is drawn between the first one and `base` times the one before: with a base of 2 they hardly
grow, and seven of them take 3 s."""

# A read timeout counts while we upload too, in parts of 5 MB: it must outlast one on a slow line.
_PATIENCE: Final[dict[str, str]] = {
    "connect_timeout": "5s",
    "read_timeout": "60s",
    "timeout": "600s",
}
_CREDENTIALS: Final = "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY"
_METADATA_SERVICE: Final = "169.254.169.254"
"""Where a machine at Amazon asks for credentials when nothing else gave any."""

_NO_ANSWER: Final = (
    "{} gives no good answer: check AWS_ENDPOINT_URL and AWS_REGION, and run the command again "
    "when the storage is well; what is done is kept"
)

_REFUSED: Final = re.compile(r"status code: 40[13]\b")


def open_store(bucket: str, prefix: str = "", *, repeat: bool = True) -> S3Store:
    """Return the client for what lies below `prefix` of a bucket, made once for each environment.

    With `repeat` false a request is sent once, for callers that repeat it themselves.
    """
    variables = tuple(sorted(item for item in os.environ.items() if item[0].startswith("AWS_")))
    return _store(bucket, prefix, variables, 0 if not repeat else int(RETRIES["max_retries"]))


@cache
def _store(
    bucket: str, prefix: str, variables: tuple[tuple[str, str], ...], repetitions: int
) -> S3Store:
    endpoint = dict(variables).get("AWS_ENDPOINT_URL", "")
    options: Any = {**_PATIENCE, "allow_http": endpoint.startswith("http://")}
    retries: Any = {**RETRIES, "max_retries": repetitions}
    return S3Store(bucket, prefix=prefix or None, client_options=options, retry_config=retries)


@contextmanager
def bucket_errors(where: str) -> Iterator[None]:
    """Turn the client's errors inside the block into one that says what to do.

    Raises
    ------
    StorageUnavailableError
        If the storage gives no good answer.
    HomeError
        If it has no such bucket, or refuses us.
    """
    try:
        yield
    except (BaseError, FileNotFoundError) as error:
        advice = _advice(error)
        if advice is None:
            message = f"cannot use {where}: {_NO_ANSWER.format(_endpoint())} ({_reason(error)})"
            raise StorageUnavailableError(message) from error
        message = f"cannot use {where}: {advice} ({_reason(error)})"
        raise HomeError(message) from error


def names_no_bucket(error: Exception) -> bool:
    """Whether the storage said that the bucket itself is not there."""
    return "NoSuchBucket" in str(error)


def _endpoint() -> str:
    return os.environ.get("AWS_ENDPOINT_URL", "Amazon (AWS_ENDPOINT_URL is not set)")


def _advice(error: Exception) -> str | None:
    """What to change; None where nothing is wrong but that there is no good answer."""
    text = str(error)
    endpoint = _endpoint()
    if _METADATA_SERVICE in text:
        return f"there are no credentials: set {_CREDENTIALS}"
    if names_no_bucket(error):
        return f"{endpoint} has no such bucket: make it, or correct the address"
    if _REFUSED.search(text) or isinstance(error, PermissionDeniedError | UnauthenticatedError):
        return f"{endpoint} refuses us: check {_CREDENTIALS}, and that they may read and write"
    if isinstance(error, FileNotFoundError):
        return "it is not there: check the address"
    return None


def _reason(error: Exception) -> str:
    """The first line of what the client says, without its own settings."""
    line = str(error).partition("\n")[0]
    line = re.sub(r", max_retries: \d+, retry_timeout: \S+", "", line)
    return line.removeprefix("Generic S3 error: ").strip(" :")


class BucketStore(ObjectStore[S3Store]):
    """What zarr reads and writes through: its errors are ours, also in a lazy read much later."""

    @property
    def _errors(self) -> Any:
        prefix = self.store.prefix
        where = f"s3://{self.store.config['bucket']}"
        return bucket_errors(f"{where}/{prefix}" if prefix else where)

    @override
    async def get(
        self, key: str, prototype: BufferPrototype, byte_range: ByteRequest | None = None
    ) -> Buffer | None:
        """Read an object or a part of it; None where there is none."""
        with self._errors:
            return await super().get(key, prototype, byte_range)

    @override
    async def get_partial_values(
        self, prototype: BufferPrototype, key_ranges: Iterable[tuple[str, ByteRequest | None]]
    ) -> list[Buffer | None]:
        """Read parts of objects."""
        with self._errors:
            return await super().get_partial_values(prototype, key_ranges)

    @override
    async def exists(self, key: str) -> bool:
        """Whether an object is there."""
        with self._errors:
            return await super().exists(key)

    @override
    async def set(self, key: str, value: Buffer) -> None:
        """Put an object."""
        with self._errors:
            await super().set(key, value)

    @override
    async def set_if_not_exists(self, key: str, value: Buffer) -> None:
        """Put an object unless there is one."""
        with self._errors:
            await super().set_if_not_exists(key, value)

    @override
    async def delete(self, key: str) -> None:
        """Remove an object."""
        with self._errors:
            await super().delete(key)

    @override
    async def delete_dir(self, prefix: str) -> None:
        """Remove every object below."""
        with self._errors:
            await super().delete_dir(prefix)

    @override
    async def list_dir(self, prefix: str) -> AsyncGenerator[str, None]:
        """Give the names right below."""
        with self._errors:
            async for name in super().list_dir(prefix):
                yield name

    @override
    async def list_prefix(self, prefix: str) -> AsyncGenerator[str, None]:
        """Give every name below."""
        with self._errors:
            async for name in super().list_prefix(prefix):
                yield name
