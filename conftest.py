"""Puts the top of the repository on `sys.path`: tests import `tests.micropython_runner`."""
