"""Tax: how lots are matched (methods) and what jurisdictions make of it (rules)."""
