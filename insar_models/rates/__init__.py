"""Rates: how fast each place of a window moves, from many wrapped pairs; nothing is unwrapped."""
