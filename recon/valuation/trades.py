"""What the user's own trades paid: the last one at or before the moment."""

from recon.valuation._rule import Rule, lack_of_latest, latest

RULE = Rule(
    name="trades",
    title="own trades",
    pick=latest,
    lack=lack_of_latest,
    cure="Name a further source in [prices] sources",
)
