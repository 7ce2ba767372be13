"""After how long a silence nothing is known, without the methods themselves: they import much."""

from typing import Final

from catalogs.settings import Settings
from catalogs.settings.judging import DATE_METHOD_NAMES

SILENCE_DAYS: Final = 48
"""Of every method that comes with Fringewatch; a test holds it against them."""


def silence_days_of(settings: Settings) -> int:
    """Return after how many days without a pair nothing is known; methods of others may not say.

    Raises
    ------
    BadInputError
        If the method is another package's, and has no such option as the settings give it.
    """
    own = settings.method_options.get("silence_days")
    if own is not None:
        return int(own)
    if settings.method in DATE_METHOD_NAMES:
        return SILENCE_DAYS
    from tasks.judge.detect import method_of  # noqa: PLC0415 - seconds, for methods of others alone

    return int(getattr(method_of(settings), "silence_days", SILENCE_DAYS))
