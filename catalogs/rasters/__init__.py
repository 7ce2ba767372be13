"""Rasters: a frame's grid, GeoTIFFs, and windows of them."""
