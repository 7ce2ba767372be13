"""From the scores of pairs to dates: since when the ground moves, if it does."""
