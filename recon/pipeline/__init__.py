"""The use cases, one a file. The only room where sources, ledger, evidence, checks and reports meet."""
