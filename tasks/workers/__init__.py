"""Workers: large work, shared among processes here or elsewhere."""
