"""The double-entry ledger: tables, posting, queries and the checks that must always hold."""
