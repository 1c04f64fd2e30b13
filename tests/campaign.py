"""How large the tests marked `campaign` are: small with the others, large in `make campaign`."""

import os

IS_CAMPAIGN = bool(os.environ.get("REVISIT_CAMPAIGN"))


def size(small: int, large: int) -> int:
    """Return `large` in a campaign and `small` at all other times."""
    return large if IS_CAMPAIGN else small
