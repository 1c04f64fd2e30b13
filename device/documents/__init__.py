"""What the hub publishes, as a terminal pulls, keeps and follows it."""
