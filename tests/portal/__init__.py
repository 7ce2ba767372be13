"""A stand-in for the LiCSAR portal: a real HTTP server on this machine, with faults on demand."""

from tests.portal.faults import Fault, FaultKind, load_faults
from tests.portal.handler import Transfer
from tests.portal.server import RecordedRequest, StandInPortal
from tests.portal.trees import link_frame, pair_folder

__all__ = [
    "Fault",
    "FaultKind",
    "RecordedRequest",
    "StandInPortal",
    "Transfer",
    "link_frame",
    "load_faults",
    "pair_folder",
]
