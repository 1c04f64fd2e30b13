"""Card readers: a PN532 on its links, libnfc, PC/SC, and the one who looks after them."""
