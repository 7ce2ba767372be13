"""Phase that the air made: fields that its delay may follow, and their removal from a pair."""

from insar_models.air.fields import AirField, delay_field, heights_field
from insar_models.air.removal import take_multiples
from insar_models.air.stratified import AirCorrection, FieldFit, FitOutcome, remove_air

__all__ = [
    "AirCorrection",
    "AirField",
    "FieldFit",
    "FitOutcome",
    "delay_field",
    "heights_field",
    "remove_air",
    "take_multiples",
]
