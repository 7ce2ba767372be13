"""Pages for people: every watched volcano on one, and a page for each, files that stand alone."""
