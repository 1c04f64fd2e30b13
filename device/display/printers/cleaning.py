"""When a printer that counts is due for a cleaning card.

Dirt from hands ends up on the heads, and dirty heads end the life of films early. Nothing has to be
remembered: the reminder stands for a while after every so many passes, whoever cleaned when.
"""

CLEAN_EVERY_PASSES = 4000  # some thousand cards in, erased and printed, and out
REMIND_FOR_PASSES = 200


def is_cleaning_due(passes: int) -> bool:
    """Return whether staff are to be reminded after so many passes over the heads."""
    return passes >= CLEAN_EVERY_PASSES and passes % CLEAN_EVERY_PASSES < REMIND_FOR_PASSES
