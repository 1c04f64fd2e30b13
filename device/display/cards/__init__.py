"""The face of a card as pure drawing."""
