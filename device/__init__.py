"""What runs at the counter: kiosk, handheld, and the parts they are built from."""
