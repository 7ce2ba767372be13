"""Status: what the ledger knows, gathered for a person."""
