"""Pretraining: an encoder learns from a corpus without labels."""
