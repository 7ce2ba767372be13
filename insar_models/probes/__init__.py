"""Probes: linear detectors on features, judged on what they did not see."""
