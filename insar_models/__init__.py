"""The science: phase, patches, features, simulation, detectors. No network, no files of others."""
