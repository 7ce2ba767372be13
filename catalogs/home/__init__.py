"""The home: the one folder, with the storage beside it, where all is kept."""
