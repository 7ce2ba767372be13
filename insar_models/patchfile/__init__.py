"""A corpus as one flat file: written, read, split, sampled and loaded."""
