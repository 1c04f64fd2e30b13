"""Our record on every kind of card: where it stands, what opens it, how it is written."""
