"""Streams of bytes from what is plugged in or on the network, and who owns a file."""
