"""Which kind of place an address means. What object storage needs is imported for a bucket alone.

Most homes are folders, and `fringewatch status` answers before zarr and obstore would be there.
"""

from pathlib import Path
from typing import Final

from catalogs.storage.place import Folder, Place
from fringewatch.errors import BadInputError
from fringewatch.plain_text import without_secrets

SCHEME: Final = "s3://"


def open_place(where: str | Path) -> Place:
    """Return the place that an address means: a folder, or ``s3://bucket/prefix``.

    Raises
    ------
    BadInputError
        If it is the address of something else, or names no bucket.
    """
    text = str(where)
    if text.startswith(SCHEME):
        from catalogs.storage.bucket import Bucket  # noqa: PLC0415 - see above

        return Bucket.parse(text)
    if "://" in text:
        message = (
            f"'{without_secrets(text)}' is no place to keep things: give a folder, or "
            "s3://bucket/prefix"
        )
        raise BadInputError(message)
    return Folder(Path(where))
