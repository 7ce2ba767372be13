"""Messages: what becomes one, what it says, and how it reaches its channels."""
