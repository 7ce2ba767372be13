"""Cubes: a volcano's window through time, in Zarr."""
