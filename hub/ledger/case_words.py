"""What the codes of cases mean, what to do about them, and whether anybody's points are at risk.

Written for whoever runs a shop; the rules behind it are docs/LEDGER-RULES.md.
"""

from typing import NamedTuple


class Words(NamedTuple):
    """A code in words. `about` says what its subject names, and so what its evidence is."""

    about: str  # line, op, card, member, chain, grant, device or day
    meaning: str
    to_do: str
    value: str


_HELD = "The line is kept and has moved nothing; nobody has its points."
_REFUSED = "The line is kept as evidence, moved nothing and never will."

WORDS = {
    "fork": Words(
        "chain",
        "Two different lines stand at one place of a device's chain: its storage was copied or set"
        " back, or somebody imitates it. Or its lines were brought by hand after it was shut out.",
        "Take the device out of service and find out who has its storage. Revoke it (revisit hub"
        " revoke-device) and pair the terminal anew. Then two people say which lines count (revisit"
        " ledger fork).",
        "What posted before stays. Both versions are kept; nothing after them posts by itself.",
    ),
    "gap": Words(
        "chain",
        "Lines of a device are missing between others that came, for longer than a quarter of an"
        " hour.",
        "See that the device is switched on and reaches the hub: it sends what is asked for, and"
        " the case closes itself. If its storage is lost, say so (revisit ledger declare-lost).",
        "What earns beyond the gap has posted. What spends there is held, and its points are set"
        " aside.",
    ),
    "silent": Words(
        "device",
        "A device has sent nothing for three days; one that is on says each day that it is over.",
        "Switch it on where it reaches the hub: the case closes itself. If it is gone for good,"
        " revoke it (revisit hub revoke-device).",
        "What it has stated is in its journal; the hub does not know of it yet.",
    ),
    "day_open": Words(
        "day",
        "A business day is over for six hours and cannot close, for lines of it may be missing.",
        "See to the devices that are named: each has to report once, and the day then closes by"
        " itself, and the case with it. Revoke a device that is gone (revisit hub revoke-device),"
        " or say which lines will never come (revisit ledger declare-lost).",
        "All that came has posted. What is late after the close counts from the open day.",
    ),
    "face_differs": Words(
        "line",
        "A card's face shows points that its account did not hold at the version it names.",
        "Have the member's card printed anew at a kiosk. If the ledger was not restored from a"
        " backup lately, look at the terminal: somebody may make up what it prints.",
        "A face moves nothing; what counts is the account.",
    ),
    "op_conflict": Words(
        "op",
        "Two lines name the same operation and do not say the same, or not of the same member.",
        "Compare them with the till's receipt, and the clocks of the two devices.",
        "The operation counts once: by the line that is earlier by its own word. The other moved"
        " nothing.",
    ),
    "clone": Words(
        "card",
        "One number of a card's counter stands for two operations: there are two such cards.",
        "The hub has stopped the card. Give the member a new one, and keep the old when it shows.",
        "Both operations happened, so both count.",
    ),
    "counter_behind": Words(
        "card",
        "A card showed a smaller counter than had been written to it: it was set back, is a copy,"
        " or a terminal's clock is wrong.",
        "Compare the devices' clocks. If they are right, give the member a new card.",
        "What happened counts.",
    ),
    "rolled_back": Words(
        "card",
        "A terminal refused a card whose record is older than the card's own one-way counter.",
        "Keep the card if you can, and give the member a new one.",
        "Nothing was earned or spent with it then.",
    ),
    "copied": Words(
        "card",
        "A terminal refused a card that states what is ours and is not the chip it was written to.",
        "Keep the card if you can; whose it was copied from should get a new one.",
        "Nothing was earned or spent with it then.",
    ),
    "card_member": Words(
        "card",
        "A card named another member than the one it is known to belong to.",
        "Find out whether it was issued twice, and issue a new card to whoever holds it wrongly.",
        "The line counted for the member whom the ledger knows; the other's card sees and spends"
        " nothing of theirs.",
    ),
    "unknown_card": Words(
        "card",
        "A line names a card that is nobody's yet, and that does not say whose it is.",
        "Link the number to its member at a terminal; its lines then post and the case closes.",
        _HELD,
    ),
    "overdrawn": Words(
        "op",
        "A redemption spent points that were not there.",
        "Nothing, if a sale is still to come in: then the case closes itself. Else find out how"
        " the points were spent twice.",
        "It counts in full. What was missing is the member's debt, which the next sales pay first.",
    ),
    "overspend": Words(
        "op",
        "A card spent more without the hub than its lease held at that time.",
        "Nothing, if a sale from before is still to come in: then the case closes itself. Else see"
        " which devices spent, and whether their clocks are right.",
        "It counts in full: what the lease lacked came from the member's other points, or is debt.",
    ),
    "counter_gap": Words(
        "card",
        "A card was written to, and no line says what that was, though every device has told"
        " everything since or a week is over.",
        "Find out which terminal lost its journal; declare its epoch lost (revisit ledger"
        " declare-lost). If a technician mended the card, that took a number too. Should the lines"
        " come late, the case closes itself.",
        "What those lines would have moved is nowhere in the books.",
    ),
    "holds_exceed_balance": Words(
        "member",
        "More of a member's points are set aside for grants than the member has left.",
        "Look again when the grants have ended, at most ten minutes after they were given.",
        "What is redeemed all the same counts, and makes a debt.",
    ),
    "unknown_grant": Words(
        "grant",
        "A redemption names a grant that its member never got there, or that was over by then.",
        "If it was released before, the goods may have been handed over after all: ask the store."
        " If nobody ever gave it, look at the device.",
        "The redemption happened, so it counts.",
    ),
    "future_clock": Words(
        "device",
        "A device says that something happened later than the hub's clock.",
        "Set the device's clock, or the hub's. Each line posts by itself once its time has come.",
        _HELD,
    ),
    "unknown_kind": Words(
        "line",
        "A device sent a kind of line that this hub does not know: it is newer than the hub.",
        "Bring the hub up to date before its devices.",
        _HELD,
    ),
    "currency": Words(
        "op",
        "A sale is in another currency than the programme.",
        "Correct the currency of the till, or of the programme.",
        _HELD,
    ),
    "too_many_points": Words(
        "op",
        "One operation would give a member more points, or more debt, than anybody may have.",
        "Look at the amounts that were keyed, and at the programme's rates.",
        _HELD,
    ),
    "fault": Words(
        "line",
        "The hub itself failed over this line. That is a mistake in the program.",
        "Report it with the detail and the hub's log.",
        _HELD,
    ),
    "malformed": Words(
        "line",
        "A device sent bytes under its seal that are no line of ours.",
        "Look at the device: its program or its storage is damaged.",
        _REFUSED,
    ),
    "pairing_reused": Words(
        "device",
        "A second device used the code that had paired this one.",
        "Find out who else saw the code, and which of the two stands in the shop. If it is not this"
        " one, revoke it (revisit hub revoke-device) and pair the right one with a new code.",
        "Nobody's points are touched; the second device was refused.",
    ),
    "pairing_guessed": Words(
        "device",
        "Somebody who knew the name of a pairing code, and not its secret, tried it several times.",
        "Make a new code, and look who can reach the hub's web server.",
        "Nobody's points are touched; the code is shut.",
    ),
    "hub_only": Words(
        "line",
        "A device stated what only the hub may decide.",
        "Somebody has the device's key. Revoke it (revisit hub revoke-device).",
        _REFUSED,
    ),
}


def words_of(code: str) -> Words:
    """Return the words for `code`; a code of a newer hub is told as such."""
    unknown = "This program has no words for this code; a newer one opened the case."
    return WORDS.get(code) or Words("line", unknown, "Use the newer program.", "Nobody can tell.")
