"""Screens as pure pictures: a view becomes an image, its touch targets and its lines of text."""
