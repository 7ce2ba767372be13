"""Fringewatch from Python: all that other programs may rely on, in one place.

`docs/python.md` shows it at work. What is not named here may change with any version.
"""

from catalogs.ledger.rows import PairScore
from catalogs.records import DatePair, FrameId, Product, Volcano
from catalogs.settings import Settings, load_settings
from catalogs.world.volcanoes import find_volcano, load_volcanoes
from fringewatch import __version__
from fringewatch.errors import (
    BadInputError,
    FringewatchError,
    HomeError,
    MissingProductError,
    ModelError,
    SourceUnavailableError,
    StoreError,
    TryLaterError,
)
from insar_models.detectors.protocol import Detector
from tasks.opened_home import OpenHome, open_home
from tasks.records import Outcome, Problem, RunReport

__all__ = [
    "BadInputError",
    "DatePair",
    "Detector",
    "FrameId",
    "FringewatchError",
    "HomeError",
    "MissingProductError",
    "ModelError",
    "OpenHome",
    "Outcome",
    "PairScore",
    "Problem",
    "Product",
    "RunReport",
    "Settings",
    "SourceUnavailableError",
    "StoreError",
    "TryLaterError",
    "Volcano",
    "__version__",
    "find_volcano",
    "load_settings",
    "load_volcanoes",
    "open_home",
]
