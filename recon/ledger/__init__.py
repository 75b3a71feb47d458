"""The ledger: the only room that knows its tables, its migrations and database URLs. Append-only, exact, chained."""
