"""How much of a member's name a face shows: cards lie about, and are seen by others."""

import unicodedata

_STARS = 2  # always: a mask as long as the name would tell its length


def shown_name(name: str, nickname: str, *, names: str) -> str:
    """Return what a face shows of a name, as the programme's `names` says.

    `names` is `masked`, `full` or `hidden`. A nickname was chosen by the member for others to see,
    and is shown as it is unless names are hidden.
    """
    if names == "hidden":
        return ""
    if nickname:
        return nickname
    return name if names == "full" else masked(name)


def masked(name: str) -> str:
    """Return the first letter of `name` and a mask of constant length."""
    first = unicodedata.normalize("NFC", name.strip())[:1]
    if not first:
        return ""
    is_wide = unicodedata.east_asian_width(first) in "WF"
    return first + ("＊" if is_wide else "*") * _STARS
