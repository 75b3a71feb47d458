"""What travels in an audit pack so that it can be proved without us."""
