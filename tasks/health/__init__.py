"""Health: is the watch well, and how others learn of it."""
