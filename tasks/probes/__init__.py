"""Train probes on labelled patches, judge them, and keep them."""
