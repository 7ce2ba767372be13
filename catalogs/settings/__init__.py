"""What a run can be told: arguments, environment and ``fringewatch.toml``, in that order.

One frozen model, whose fields stand in files by subject: what is asked of the portal, how dates are
judged, how a run goes, what comes out of it, and what is said of single volcanoes.
"""

from catalogs.settings.model import Settings, load_settings

__all__ = ["Settings", "load_settings"]
