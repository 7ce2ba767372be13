import shutil
from pathlib import Path

import pytest

from catalogs.home.home import home_of
from catalogs.settings import Settings
from catalogs.storage.place import Folder, Place
from fringewatch.errors import HomeError, ModelError
from insar_models.detectors.registry import SHIPPED_MODELS
from tasks.judge.models import model_of, models_folder
from tests.storage import StorageFault, StorageServer


@pytest.fixture
def settings(tmp_path: Path, storage: StorageServer) -> Settings:
    """Settings that name a model at the storage."""
    settings = Settings(home=tmp_path / "home", storage=storage.address, model="ours")
    put(home_of(settings).models)
    return settings


def put(models: Place, name: str = "ours") -> None:
    with models_folder(models) as folder:
        shutil.copytree(SHIPPED_MODELS / "baseline-0", folder / name)
        card = folder / name / "card.json"
        card.write_text(card.read_text().replace('"name": "baseline-0"', f'"name": "{name}"'))


def test_a_model_of_the_storage_is_brought_once(settings: Settings, storage: StorageServer) -> None:
    shipped = model_of(settings.model_copy(update={"model": "baseline-0"}))
    assert (model_of(settings).name, model_of(settings).sha256) == ("ours", shipped.sha256)
    storage.requests.clear()
    model_of(settings)
    assert storage.count("GET", "card.json") == 1
    assert storage.count("GET", "weights") == 0


def test_a_copy_that_was_damaged_here_is_brought_again(settings: Settings) -> None:
    model_of(settings)
    weights = home_of(settings).model_copies / "ours" / "weights.safetensors"
    weights.write_bytes(b"cut")
    assert model_of(settings).name == "ours"


def test_a_model_that_is_damaged_at_the_storage_is_refused(settings: Settings) -> None:
    (home_of(settings).models / "ours" / "weights.safetensors").write(b"cut")
    with pytest.raises(ModelError, match="are not those of their card"):
        model_of(settings)


def test_an_unknown_model_names_those_there_are(settings: Settings) -> None:
    with pytest.raises(ModelError, match=r"no model 'nobody' at s3://.*known: baseline-0, ours"):
        model_of(settings.model_copy(update={"model": "nobody"}))
    with pytest.raises(ModelError, match="not a model's name"):
        model_of(settings.model_copy(update={"model": "../x"}))


def test_a_storage_without_answer_is_no_missing_model(
    settings: Settings, storage: StorageServer
) -> None:
    storage.faults[:] = [StorageFault(status=503)]
    with pytest.raises(HomeError, match="gives no good answer"):
        model_of(settings)


def test_a_home_without_storage_has_its_models_on_disk(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, model="ours")
    put(Folder(tmp_path / "models"))
    assert model_of(settings).name == "ours"
    assert [path.name for path in tmp_path.iterdir()] == ["models"]


def test_nothing_is_put_after_an_error(storage: StorageServer) -> None:
    class KilledError(Exception):
        pass

    def fail() -> None:
        with models_folder(storage.place) as folder:
            shutil.copytree(SHIPPED_MODELS / "baseline-0", folder / "baseline-0")
            raise KilledError

    with pytest.raises(KilledError):
        fail()
    assert storage.place.children() == ()
