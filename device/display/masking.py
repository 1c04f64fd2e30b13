"""Names and numbers on screens that others can see: the end of them, behind a mask."""

MASK = "***"  # always as long, so that it does not tell how long the number is
SHOWN_CHARACTERS = 3
HIDDEN_MIN_CHARACTERS = 3


def masked(number: str) -> str:
    """Return the last characters of `number` behind a mask; of a short one the mask alone."""
    if len(number) < SHOWN_CHARACTERS + HIDDEN_MIN_CHARACTERS:
        return MASK
    return f"{MASK}{number[-SHOWN_CHARACTERS:]}"
