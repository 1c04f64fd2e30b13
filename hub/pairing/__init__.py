"""How new devices introduce themselves, and known ones replace their secrets."""
