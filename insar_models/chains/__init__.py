"""Chains: an interferogram over a long span, made of short ones that follow each other."""

from insar_models.chains.plan import ChainPlan, plan_chains
from insar_models.chains.product import Chain, chain_product

__all__ = ["Chain", "ChainPlan", "chain_product", "plan_chains"]
