"""Cards over the air: PN532 frames and commands, card types, reader links."""
