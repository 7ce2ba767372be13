"""Building corpora: sources are surveyed, patches chosen, shards written, versions published."""
