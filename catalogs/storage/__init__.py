"""Places where things are kept: folders on disk, prefixes in a bucket."""
