"""The double-entry ledger: tables, books, queries and the checks that must always hold."""
