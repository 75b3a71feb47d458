"""Tickers and market histories of the venues as pulled: the last price at or before the moment."""

from recon.valuation._rule import Rule, lack_of_latest, latest

RULE = Rule(
    name="venues",
    title="venues' tickers",
    pick=latest,
    lack=lack_of_latest,
    cure="Name a further source in [prices] sources",
)
