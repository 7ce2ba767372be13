"""Ingest: from what a source lists to what stands in a cube."""
