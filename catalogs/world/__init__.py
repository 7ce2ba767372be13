"""The world: volcanoes, the frames that see them, and where those lie."""
