"""What a member sees: screens, card faces, and the printers that put these on a card."""
