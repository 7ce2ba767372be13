"""Review: what people say of dates, pairs and episodes, and what comes of it."""
