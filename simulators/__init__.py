"""Honest stand-ins for hardware and people; nothing that ships imports them."""
