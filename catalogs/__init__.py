"""The world and the memory: volcanoes, frames, the portal, the ledger, the stores and tables."""
