"""What a member sees: card faces and the printers that put them on a card."""
