"""The reasons that people may give for a difference, or for an entry of their own: one closed list for both."""

from collections.abc import Mapping

REASONS: Mapping[str, str] = {
    "network_fee": "a fee of the chain for which the venue lists no row",
    "card_fee": "a fee of a card or bank for which the venue lists no row",
    "conversion": "one asset was turned into another without a row",
    "affiliate": "paid for customers that were brought, without a row",
    "missing_row": "it moved, as other evidence shows, and the venue lists no row of it",
    "venue_error": "the venue booked it wrongly, and has said so",
    "own_error": "a fault of our own, in a file or a setting",
    "misposted": "it was posted against another account than it belongs to",
    "timing": "it clears by itself once the other side has booked it",
    "rounding": "what rounding leaves over",
    "immaterial": "too small to be looked into",
    "other": "none of these: the text says what",
}
"""Each code with what it means."""

PROVEN = frozenset({"network_fee", "card_fee", "conversion", "affiliate", "missing_row", "venue_error"})
"""Reasons that rest on what somebody else says, which has to be there: a statement, an answer of support."""
