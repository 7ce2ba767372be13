"""Object storage of the S3 kind as a place, through obstore.

An object appears whole when its upload ends, which the storage promises; so does the condition on
a write (``If-None-Match``, ``If-Match``).
"""

import re
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final, Self

import obstore
from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    PermissionDeniedError,
    PreconditionError,
    UnauthenticatedError,
)
from obstore.store import S3Store
from typing_extensions import override
from zarr.abc.store import Store

from catalogs.storage.bucket_client import (
    RETRIES,
    BucketStore,
    bucket_errors,
    names_no_bucket,
    open_store,
)
from catalogs.storage.place import Place, PlacedFile, is_hidden
from fringewatch.errors import BadInputError, StoreError
from fringewatch.plain_text import without_secrets

_SCHEME: Final = "s3://"
_BUCKET: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}")
"""Wider than Amazon's own grammar, as other stores are; no key, password or port goes into it."""


@dataclass(frozen=True)
class Bucket(Place):
    """A place in a bucket."""

    bucket: str
    key: str

    @classmethod
    def parse(cls, url: str) -> Self:
        """Return the place that ``s3://bucket/prefix`` means; raises `BadInputError`."""
        bucket, _, key = url.removeprefix(_SCHEME).partition("/")
        parts = [part for part in key.split("/") if part]
        is_plain = _BUCKET.fullmatch(bucket) and not any(each in key for each in "?#")
        if not is_plain or {".", ".."} & {*parts}:
            message = (
                f"'{without_secrets(url)}' names no place in a bucket: give s3://bucket/prefix, "
                "and keys in the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY)"
            )
            raise BadInputError(message)
        return cls(bucket, "/".join(parts))

    @override
    def __str__(self) -> str:
        return f"{_SCHEME}{self.bucket}/{self.key}".rstrip("/")

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
        return open_store(self.bucket)

    @override
    def is_file(self) -> bool:
        return self._size() is not None

    def _size(self) -> int | None:
        if not self.key:
            return None
        with self.errors():
            try:
                return obstore.head(self._objects, self.key)["size"]
            except FileNotFoundError:
                return None

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
                if names_no_bucket(error):
                    raise
                message = f"there is no object {self}"
                raise StoreError(message) from error

    @override
    def write(self, content: bytes) -> bool:
        # The size alone tells most contents apart, for the price of the smallest request.
        if self._size() == len(content) and self.read() == content:
            return False
        with self.errors():
            obstore.put(self._objects, self.key, content)
        return True

    @override
    def create(self, content: bytes) -> bool:
        return self._put_if(content, "create")

    @override
    def replace(self, seen: bytes, content: bytes) -> bool:
        with self.errors():
            try:
                found = obstore.get(self._objects, self.key)
                if bytes(found.bytes()) != seen:
                    return False
            except FileNotFoundError as error:
                if names_no_bucket(error):
                    raise
                return False
        return self._put_if(content, {"e_tag": found.meta["e_tag"]})

    def _put_if(self, content: bytes, mode: Any) -> bool:
        """Put the object under a condition, and tell whether it held.

        The client repeats no such upload: one whose answer was lost may be there, and the
        repetition then meets our own object, which counts as success.
        """
        once = open_store(self.bucket, repeat=False)
        pause_s = RETRIES["backoff"]["init_backoff"].total_seconds()
        with self.errors():
            for repetition in range(RETRIES["max_retries"] + 1):
                try:
                    obstore.put(once, self.key, content, mode=mode, use_multipart=False)
                except (AlreadyExistsError, PreconditionError):
                    return repetition > 0 and self.read() == content
                except BaseError as error:
                    refused = isinstance(error, PermissionDeniedError | UnauthenticatedError)
                    if refused or repetition == RETRIES["max_retries"]:
                        raise
                else:
                    return True
                time.sleep(pause_s * 2**repetition)
        return False

    @override
    def children(self) -> tuple[str, ...]:
        with self.errors():
            found = obstore.list_with_delimiter(self._objects, self.key or None)
        paths = [*found["common_prefixes"], *(item["path"] for item in found["objects"])]
        names = {path.rstrip("/").rpartition("/")[2] for path in paths}
        return tuple(sorted(name for name in names if not is_hidden(name)))

    @override
    def files(self) -> Iterator[PlacedFile]:
        yield from sorted(file for file in self._all_files() if not is_hidden(file.name))

    def _all_files(self) -> list[PlacedFile]:
        below = f"{self.key}/" if self.key else ""
        with self.errors():
            pages = list(obstore.list(self._objects, self.key or None))
        return [
            PlacedFile(item["path"].removeprefix(below), item["size"])
            for page in pages
            for item in page
        ]

    @override
    def move(self, name: str) -> Self:
        target = self.parent / name
        names = [file.name for file in self._all_files()]
        with self.errors():
            for file in names:
                obstore.copy(self._objects, (self / file).key, (target / file).key)
        self.remove()
        return target

    @override
    def remove(self) -> None:
        keys = [(self / file.name).key for file in self._all_files()]
        # What makes the rest count goes first: a removal that is cut short leaves nothing half.
        keys.sort(key=lambda key: (not key.endswith("/zarr.json"), key.count("/"), key))
        with self.errors():
            if self.key:
                obstore.delete(self._objects, self.key)
            if keys:
                obstore.delete(self._objects, keys[0])
                obstore.delete(self._objects, keys[1:])

    @override
    def sweep(self) -> None:
        """Do nothing: an upload that was cut off is no object."""

    @override
    def sync(self) -> None:
        """Do nothing: an upload that has ended is safe."""

    @override
    def zarr_store(self, *, read_only: bool = False) -> Store:
        return BucketStore(open_store(self.bucket, self.key), read_only=read_only)

    @override
    def errors(self) -> AbstractContextManager[None]:
        return bucket_errors(str(self))
