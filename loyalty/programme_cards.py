"""What a programme says about cards: which kinds it takes, and which of them may spend."""

from dataclasses import dataclass

from loyalty.card_kinds import PROFILES
from loyalty.programme_table import Table

KINDS = tuple(PROFILES)
SPENDING_KINDS = tuple(it.kind for it in PROFILES.values() if it.keeps_record)


@dataclass(frozen=True, slots=True, kw_only=True)
class CardTerms:
    """Kinds in `accepted` say who a member is; points are spent with those in `spending` only."""

    accepted: frozenset[str]
    spending: frozenset[str]


EVERY_CARD = CardTerms(accepted=frozenset(KINDS), spending=frozenset(SPENDING_KINDS))


def read_cards(table: Table) -> CardTerms:
    """Return the terms of table `[cards]`; what is left out leaves that open.

    Only a kind that keeps our record may spend: who knows a number does not have the card.
    """
    accepted = table.words("accepted", KINDS) if table.has("accepted") else KINDS
    spending = tuple(it for it in SPENDING_KINDS if it in accepted)
    if table.has("spending"):
        spending = table.words("spending", SPENDING_KINDS)
    refused = [it for it in spending if it not in accepted]
    if table.is_right("accepted", "spending") and refused:
        table.wrong("spending", f"found {refused[0]!r}, wanted some of those in accepted")
    table.close()
    return CardTerms(accepted=frozenset(accepted), spending=frozenset(spending))
