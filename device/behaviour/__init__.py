"""What kiosk and handheld do: an event comes, requests follow. Cores only."""
