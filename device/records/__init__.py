"""What happened here, on disk before anybody is told, and what becomes of it."""
