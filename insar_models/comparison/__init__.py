"""The paper's Table II, row by row: encoders of several kinds, learned and judged alike."""
