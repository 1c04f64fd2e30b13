"""What the code on a card's face says for it: the hub's own mark, and what the mark was made on.

    face:version:points:as_of_s:check

Only the hub can make the mark, and only the hub can check it. Whoever has seen a face can show it
again, so it proves that the hub wrote it, and not who holds it.
"""

import re
from typing import NamedTuple

_SHAPE = re.compile(
    r"face:([0-9]{1,9}):(-?[0-9]{1,13}):([0-9]{1,10}):([A-Za-z0-9_-]{1,16})", re.ASCII
)


class FaceProof(NamedTuple):
    """The values that a face shows as the hub signed them; whose they are stands beside."""

    version: int
    points: int
    as_of_s: int
    check: str


def to_text(proof: FaceProof) -> str:
    """Return the text of `proof`, which fits a field of an ask."""
    return f"face:{proof.version}:{proof.points}:{proof.as_of_s}:{proof.check}"


def from_text(text: str) -> FaceProof | None:
    """Return the proof that `text` is, None for anything else."""
    found = _SHAPE.fullmatch(text)
    if found is None:
        return None
    version, points, as_of_s, check = found.groups()
    return FaceProof(int(version), int(points), int(as_of_s), check)
