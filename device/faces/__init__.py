"""What a terminal puts on the face of a card."""
