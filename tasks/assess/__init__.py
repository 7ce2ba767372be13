"""Assess: how soon verdicts follow the truth, how much they miss, and how often they are false."""
