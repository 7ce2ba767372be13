"""The LiCSAR portal, seen from the client: its addresses, its pages, its files."""
