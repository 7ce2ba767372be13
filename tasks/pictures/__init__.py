"""Pictures for people: timelines, strips of interferograms, sheets."""
