"""What may be said of a date; without numpy, which a command that looks need not wait for."""

from enum import StrEnum
from typing import Final

NO_PAIR: Final = "no pair"


class DateState(StrEnum):
    """What is said of a date."""

    QUIET = "quiet"
    """Pairs were scored and speak against deformation."""
    WATCH = "watch"
    """Something speaks for deformation, but too little, too vaguely, or not all tracks agree."""
    UNREST = "unrest"
    """The ground deforms."""
    NO_DATA = "no data"
    """No pair that ends on the date has a score: silence, which is never quiet."""
    UNKNOWN = "unknown"
    """Nor had any for so long that what was said before no longer stands."""
    MASKED = "masked"
    """An observatory says that nothing is to be read from the date, such as under snow."""

    @property
    def is_silent(self) -> bool:
        """Whether no pair that ends on the date has a score that counts."""
        return self in {DateState.NO_DATA, DateState.UNKNOWN, DateState.MASKED}
