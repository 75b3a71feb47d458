"""Which rows of two places tell of one movement: pure functions on candidates that others found."""
