"""The back room: broker bridge, reconciliation and the double-entry ledger."""
