"""Codes and stripes: what scanners and swipe readers send, and what a card's number in it is."""
