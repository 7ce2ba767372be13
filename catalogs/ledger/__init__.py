"""The ledger: what was listed, fetched, refused, tiled, scored and said."""
