"""Evaluation: what a detector says of labelled pictures and patches, beside controls."""
