"""Places of both kinds: a folder, and a prefix in a bucket of a stand-in for S3."""

import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer

from catalogs.storage.bucket import Bucket
from catalogs.storage.place import Folder, Place


@pytest.fixture(scope="session")
def storage() -> Iterator[str]:
    """The address of a server that speaks S3; conditions on writes included."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(storage: str, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """A prefix in an empty bucket that no other test has."""
    variables = {
        "AWS_ENDPOINT_URL": storage,
        "AWS_ACCESS_KEY_ID": "anyone",
        "AWS_SECRET_ACCESS_KEY": "anything",
        "AWS_REGION": "us-east-1",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    name = f"test-{uuid.uuid4().hex}"
    request = urllib.request.Request(f"{storage}/{name}", method="PUT")  # noqa: S310 our own server
    urllib.request.urlopen(request).close()  # noqa: S310
    return Bucket(name, "corpora")


@pytest.fixture(params=["folder", "bucket"])
def corpora(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Where corpora lie: on disk, and in a bucket."""
    if request.param == "folder":
        return Folder(tmp_path / "corpora")
    place: Bucket = request.getfixturevalue("bucket")
    return place
