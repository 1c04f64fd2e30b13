"""What a programme says about card faces: whose card it is, and how much of a name it may show."""

from dataclasses import dataclass

from loyalty.programme_table import Table
from loyalty.programme_terms import Label, read_label

NAMES = ("masked", "full", "hidden")


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceTerms:
    """`brand` stands on every face, if there is one; `names` says how names are shown."""

    brand: Label | None = None
    names: str = NAMES[0]


PLAIN_FACES = FaceTerms()


def read_faces(table: Table) -> FaceTerms:
    """Return the terms of table `[faces]`; its label is the brand."""
    terms = FaceTerms(brand=read_label(table), names=table.word("names", NAMES, default=NAMES[0]))
    table.close()
    return terms
