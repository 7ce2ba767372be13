"""How well detectors do: metrics, intervals, detection curves."""
