"""Prices that one person stated and another approved: they go before every other source."""

from recon.valuation._rule import Rule, lack_of_latest, latest

RULE = Rule(
    name="manual",
    title="stated by hand",
    pick=latest,
    lack=lack_of_latest,
    cure="State one with recon prices set",
)
