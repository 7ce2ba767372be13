"""Scenarios: what a simulated volcano does, on which dates, under which weather and noise."""
