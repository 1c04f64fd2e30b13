"""The chips in members' cards, as a reader's antenna meets them."""
