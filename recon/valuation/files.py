"""Files of the user: the last price at or before the moment."""

from recon.valuation._rule import Rule, lack_of_latest, latest

RULE = Rule(
    name="files",
    title="files",
    pick=latest,
    lack=lack_of_latest,
    cure="Import one with recon prices import",
)
