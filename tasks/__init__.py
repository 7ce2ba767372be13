"""One file for each step: a plain function that does the work, and its Prefect task beside it."""
