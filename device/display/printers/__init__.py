"""Printers of rewritable cards: protocol cores and their links."""
