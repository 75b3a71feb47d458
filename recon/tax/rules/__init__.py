"""One file is one jurisdiction, and ends in ``RULES = Rulebook(...)``. Its figures stand by year, with sources."""
