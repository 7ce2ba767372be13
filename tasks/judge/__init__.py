"""Judge: a model's scores of pairs, and verdicts on dates."""
