"""Object storage of the S3 kind as a place, through obstore.

Credentials and the endpoint come from the usual variables: ``AWS_ACCESS_KEY_ID``,
``AWS_SECRET_ACCESS_KEY``, ``AWS_REGION`` and, for storage that is not Amazon's,
``AWS_ENDPOINT_URL``. An object appears whole when its upload ends, which the storage promises; so
does the condition on a write (``If-None-Match``, ``If-Match``).
"""

import datetime as dt
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Self

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError
from obstore.store import S3Store
from typing_extensions import override
from zarr.abc.store import Store
from zarr.storage import ObjectStore

from catalogs.place import Folder, Place, PlacedFile
from fringewatch.errors import BadInputError, HomeError, StoreError

SCHEME = "s3://"
_RETRIES: Any = {"max_retries": 6, "retry_timeout": dt.timedelta(seconds=60)}
_TIMEOUTS: Any = {"timeout": "60s", "connect_timeout": "10s"}


def open_place(where: str | Path) -> Place:
    """Return the place that an address means: a folder, or ``s3://bucket/prefix``.

    Raises
    ------
    BadInputError
        If it is the address of something else, or names no bucket.
    """
    text = str(where)
    if text.startswith(SCHEME):
        return Bucket.parse(text)
    if "://" in text:
        message = f"'{text}' is no place to keep things: give a folder, or s3://bucket/prefix"
        raise BadInputError(message)
    return Folder(Path(where))


@cache
def _store(bucket: str, prefix: str, endpoint: str) -> S3Store:
    options: Any = {**_TIMEOUTS, "allow_http": endpoint.startswith("http://")}
    return S3Store(bucket, prefix=prefix or None, client_options=options, retry_config=_RETRIES)


@dataclass(frozen=True)
class Bucket(Place):
    """A place in a bucket."""

    bucket: str
    key: str

    @classmethod
    def parse(cls, url: str) -> Self:
        """Return the place that ``s3://bucket/prefix`` means; raises `BadInputError`."""
        bucket, _, key = url.removeprefix(SCHEME).partition("/")
        if not bucket:
            message = f"'{url}' names no bucket: give s3://bucket/prefix"
            raise BadInputError(message)
        return cls(bucket, key.strip("/"))

    @override
    def __str__(self) -> str:
        return f"{SCHEME}{self.bucket}/{self.key}".rstrip("/")

    @override
    def __truediv__(self, name: str) -> Self:
        return type(self)(self.bucket, f"{self.key}/{name}".strip("/"))

    @property
    @override
    def name(self) -> str:
        return self.key.rpartition("/")[2] or self.bucket

    @property
    @override
    def parent(self) -> Self:
        return type(self)(self.bucket, self.key.rpartition("/")[0])

    @property
    @override
    def path(self) -> None:
        return None

    @property
    def _objects(self) -> S3Store:
        return _store(self.bucket, "", os.environ.get("AWS_ENDPOINT_URL", ""))

    @override
    def is_file(self) -> bool:
        with self.errors():
            try:
                obstore.head(self._objects, self.key)
            except FileNotFoundError:
                return False
        return True

    @override
    def is_folder(self) -> bool:
        with self.errors():
            found = obstore.list_with_delimiter(self._objects, self.key or None)
        return bool(found["common_prefixes"] or found["objects"])

    @override
    def read(self) -> bytes:
        with self.errors():
            try:
                return bytes(obstore.get(self._objects, self.key).bytes())
            except FileNotFoundError as error:
                message = f"there is no object {self}"
                raise StoreError(message) from error

    @override
    def write(self, content: bytes) -> bool:
        if self.is_file() and self.read() == content:
            return False
        with self.errors():
            obstore.put(self._objects, self.key, content)
        return True

    @override
    def create(self, content: bytes) -> bool:
        with self.errors():
            try:
                obstore.put(self._objects, self.key, content, mode="create", use_multipart=False)
            except AlreadyExistsError:
                # An upload that succeeded but lost its answer is repeated, and finds itself.
                return self.read() == content
        return True

    @override
    def replace(self, seen: bytes, content: bytes) -> bool:
        with self.errors():
            try:
                found = obstore.get(self._objects, self.key)
                if bytes(found.bytes()) != seen:
                    return False
                mode: Any = {"e_tag": found.meta["e_tag"]}
                obstore.put(self._objects, self.key, content, mode=mode, use_multipart=False)
            except FileNotFoundError:
                return False
            except PreconditionError:
                return self.read() == content
        return True

    @override
    def children(self) -> tuple[str, ...]:
        with self.errors():
            found = obstore.list_with_delimiter(self._objects, self.key or None)
        paths = [*found["common_prefixes"], *(item["path"] for item in found["objects"])]
        names = {path.rstrip("/").rpartition("/")[2] for path in paths}
        return tuple(sorted(name for name in names if not name.startswith(".")))

    @override
    def files(self) -> Iterator[PlacedFile]:
        with self.errors():
            listed = [
                item for page in obstore.list(self._objects, self.key or None) for item in page
            ]
        below = f"{self.key}/" if self.key else ""
        yield from sorted(
            PlacedFile(item["path"].removeprefix(below), item["size"])
            for item in listed
            if item["path"].startswith(below)
        )

    @override
    def remove(self) -> None:
        names = [file.name for file in self.files()]
        with self.errors():
            for name in names:
                obstore.delete(self._objects, (self / name).key)
            if self.key:
                obstore.delete(self._objects, self.key)

    @override
    def sync(self) -> None:
        """Do nothing: an upload that has ended is safe."""

    @override
    def zarr_store(self, *, read_only: bool = False) -> Store:
        store = _store(self.bucket, self.key, os.environ.get("AWS_ENDPOINT_URL", ""))
        return ObjectStore(store, read_only=read_only)

    @override
    def errors(self) -> AbstractContextManager[None]:
        return _bucket_errors(str(self))


@contextmanager
def _bucket_errors(where: str) -> Iterator[None]:
    try:
        yield
    except (BaseError, FileNotFoundError) as error:
        reason = str(error).partition("\n")[0]
        message = (
            f"cannot use {where}: {reason}. Check the address, that the storage answers "
            "(AWS_ENDPOINT_URL), and the credentials (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, "
            "AWS_REGION)"
        )
        raise HomeError(message) from error
