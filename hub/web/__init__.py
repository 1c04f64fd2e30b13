"""What can be seen of a running hub: its web server, its health and its figures."""
