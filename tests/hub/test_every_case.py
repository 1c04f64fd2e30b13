"""Every code under which the hub opens a case: how it comes, what it shows, and how it ends."""

from collections.abc import Callable
from contextlib import closing

import pytest

from hub.commands import case as case_command
from hub.decisions.caretaker import DAY_PATIENCE_MS, Caretaker
from hub.decisions.lease_keeper import SKEW_MS
from hub.ledger.case_words import WORDS
from hub.ledger.ledger import open_ledger
from hub.ledger.overdue import SILENCE_PATIENCE_MS
from hub.pairing.codes import Wanted, introduce, new_code
from hub.posting.custody import GAP_PATIENCE_MS
from loyalty.asks import AskRedeem, Hello
from loyalty.clock import DAY_MS
from loyalty.fields import POINTS_MAX
from loyalty.hub_records import EpochLost
from loyalty.introductions import INTRODUCTION, Introduction, to_bytes
from loyalty.letters import close_letter
from loyalty.pairing import ID_BYTES, SECRET_BYTES, TRIES_MAX, shared_key
from loyalty.records import CardIssued, CardSuspected, FacePrinted
from tests.hub.hub_world import (
    OPENS_MS,
    START_MS,
    Till,
    World,
    check_in,
    common,
    day_over,
    lease_offered,
    lease_spend,
    redemption,
    sale,
    state_as_hub,
)

CARD = {"card": "04A1B2C3D4E5F6"}
NUMBER = {"card": "phone:" + "5f" * 16, "member": ""}
AHEAD = {"at_ms": START_MS + DAY_MS, "till_ms": START_MS + DAY_MS}
LATER = {"at_ms": START_MS + 9, "till_ms": START_MS + 9}


def written(counter: int) -> dict[str, object]:
    return {**CARD, "ctr_seen": counter - 1, "ctr_used": counter, "touch": "done"}


def taken(world: World, *stated: object) -> Till:
    """Return a new device that has sent all of `stated`."""
    number = world.value("SELECT count(*) FROM device")
    till = world.till(f"h{number}")
    till.add(*stated)
    world.take(till.batch())
    return till


def tend(world: World, at_ms: int) -> None:
    world.clock.at_ms = at_ms
    with closing(open_ledger(world.path)) as ledger:
        Caretaker(ledger, [world.programme], world.clock.now_ms).tick()


def fork(world: World) -> None:
    taken(world, sale("r1"))
    copy = Till("h0")
    copy.add(sale("r2"))
    world.take(copy.batch())


def gap(world: World) -> Callable[[], None]:
    till = taken(world, sale("r1"))
    till.add(sale("r2"), sale("r3"))
    world.take(till.batch(3))
    tend(world, START_MS + GAP_PATIENCE_MS)

    def filled() -> None:
        world.take(till.batch(2, 2))
        tend(world, world.clock.at_ms)

    return filled


def silent(world: World) -> Callable[[], None]:
    till = taken(world, sale("r1"), day_over())
    tend(world, START_MS + SILENCE_PATIENCE_MS)

    def heard() -> None:
        till.add(check_in())
        world.take(till.batch(3))
        tend(world, world.clock.at_ms)

    return heard


def day_open(world: World) -> Callable[[], None]:
    till = taken(world, sale("r1"))
    tend(world, OPENS_MS + DAY_PATIENCE_MS)

    def reported() -> None:
        till.add(day_over())
        world.take(till.batch(2))
        tend(world, world.clock.at_ms)

    return reported


def face_differs(world: World) -> None:
    shown = {"account_version": 1, "shown_points": 11, "pending_points": 0, "as_of_ms": START_MS}
    face = FacePrinted(**common(), face="ab" * 32, outcome="printed", **shown)
    taken(world, sale("r1", 1000), face, day_over())
    tend(world, OPENS_MS)


def op_conflict(world: World) -> None:
    taken(world, sale("r1", 1000))
    taken(world, sale("r1", 2000, **LATER))


def clone(world: World) -> None:
    taken(world, sale("r1", **written(5)), sale("r2", **written(5)))


def counter_behind(world: World) -> None:
    taken(world, sale("r1", **written(5)), check_in(**CARD, ctr_seen=3, at_ms=START_MS + 9))


def suspected(sign: str) -> Callable[[World], None]:
    return lambda world: taken(world, CardSuspected(**common(**CARD), sign=sign)) and None


def card_member(world: World) -> None:
    taken(world, sale("r1", **CARD), check_in(**CARD, member="ben"))


def unknown_card(world: World) -> Callable[[], None]:
    till = taken(world, check_in(**NUMBER))

    def linked() -> None:
        till.add(CardIssued(**common(**{**NUMBER, "member": "anna"}), card_kind="phone"))
        world.take(till.batch(2))

    return linked


def overdrawn(world: World) -> Callable[[], None]:
    taken(world, redemption("r1", 50))
    return lambda: taken(world, sale("r0", 9900, till_ms=START_MS - 9)) and None


def holds_exceed_balance(world: World) -> None:
    till = taken(world, sale("r1", 6000))
    world.take(till.ask(AskRedeem(ref="ref", card="04AA", member="anna", ctr_seen=-1, offer="mug")))
    till.add(redemption("r2", 40))
    world.take(till.batch(2))


def unknown_grant(world: World) -> None:
    taken(world, sale("r1", 9900), redemption("r2", auth="grant-9", granted_ms=START_MS))


def future_clock(world: World) -> Callable[[], None]:
    taken(world, sale("r1", **AHEAD))

    def reached() -> None:
        world.clock.at_ms += DAY_MS
        world.intake.tick()

    return reached


def unknown_kind(world: World) -> Callable[[], None]:
    till = taken(world, sale("r1"))
    till.add(sale("r2"))
    known = till.lines[1]
    # The hub that took this line knew no sales.
    unknown = known.replace(b'"sale"', b'"selling"')
    till.lines[1:] = []
    till.heads[2:] = []
    till.add(unknown)
    world.take(till.batch(2))

    def brought_up_to_date() -> None:
        world.ledger.connection.execute("UPDATE inbox SET line = ? WHERE seq = 2", (known,))
        assert world.intake.take_up() == 1

    return brought_up_to_date


def currency(world: World) -> None:
    taken(world, sale("r1", currency="HKD"))


def too_many_points(world: World) -> None:
    taken(world, redemption("r1", POINTS_MAX), redemption("r2", 1))


def fault(world: World) -> None:
    world.refuse_op("r1")
    taken(world, sale("r1"))


def overspend(world: World) -> Callable[[], None]:
    taken(world, lease_spend("L1", 2, 30, **written(2)))

    def settle() -> None:
        earlier = {"at_ms": START_MS - DAY_MS}
        taken(world, sale("r2", 5_000, till_ms=START_MS - 2 * DAY_MS))
        with closing(open_ledger(world.path)) as ledger:
            offered = lease_offered("L1", 30, **CARD, **earlier)
            state_as_hub(ledger, [world.programme], offered, START_MS)

    return settle


def counter_gap(world: World) -> Callable[[], None]:
    till = taken(world, sale("r1", **written(1)), sale("r2", **written(4)))
    world.clock.at_ms += SKEW_MS
    heard = {"hub_ms": world.clock.at_ms, "incarnation": "", "rules": 3}
    world.take(till.ask(Hello(ref="q2", last_seq=2, settled_seq=2, **heard)))
    tend(world, world.clock.at_ms)

    def came_late() -> None:
        taken(world, sale("r3", **written(2)), sale("r4", **written(3)))
        tend(world, world.clock.at_ms)

    return came_late


def malformed(world: World) -> None:
    taken(world, b"[7]")


def hub_only(world: World) -> None:
    taken(world, EpochLost(**common(card="", member=""), device="h1", epoch="e1", from_seq=1))


KIOSK = Wanted("s1", "kiosk", "", "wong")


def letter_to(world: World, secret: bytes) -> Callable[[bytes], None]:
    """Make a code for a kiosk; return what writes to the hub under it, as the device would."""
    code = new_code(world.ledger, KIOSK, bytes(range(ID_BYTES + SECRET_BYTES)), START_MS)
    key = shared_key(code.id, secret or code.secret)

    def write(device_secret: bytes) -> None:
        me = Introduction(kind="kiosk", secret=device_secret, password="p" * 43, request="")
        about = code.id.encode()
        letter = close_letter(key, INTRODUCTION, to_bytes(me), about=about, nonce=bytes(12))
        introduce(world.ledger, code.id, letter, START_MS)

    return write


def pairing_reused(world: World) -> None:
    write = letter_to(world, b"")
    write(bytes(32))
    write(bytes(range(32)))


def pairing_guessed(world: World) -> None:
    write = letter_to(world, bytes(SECRET_BYTES))
    for _ in range(TRIES_MAX):
        write(bytes(32))


# How each comes; what is returned is how it settles by itself, if it does.
CASES: dict[str, Callable[[World], Callable[[], None] | None]] = {
    it.__name__: it
    for it in (
        *(fork, gap, silent, day_open, face_differs, op_conflict, clone, counter_behind),
        *(card_member, unknown_card, overdrawn, holds_exceed_balance, unknown_grant),
        *(overspend, counter_gap, pairing_reused, pairing_guessed),
        *(future_clock, unknown_kind, currency, too_many_points, fault, malformed, hub_only),
    )
} | {sign: suspected(sign) for sign in ("rolled_back", "copied")}

EVIDENCE = {
    "line": "line h0:e1:",
    "op": "line h0:e1:",
    "card": "card ",
    "member": "member anna: ",
    "grant": "line h0:e1:2 ",
    "chain": "device h0 of store s1, epoch e1: ",
    "device": "device h0 of store s1, epoch e1: ",
    "day": "device h0 of store s1, epoch e1: ",
    "pairing_reused": "for a kiosk of store s1, made 2017-03-01 09:20:00 by wong, used ",
    "pairing_guessed": f"by wong, never used, {TRIES_MAX} wrong letters",
}


def case_of(world: World, code: str) -> tuple[int, str]:
    row = world.ledger.connection.execute(
        "SELECT id, status FROM case_file WHERE code = ?", (code,)
    ).fetchone()
    assert row is not None, f"no case {code!r}"
    return row


def typed(world: World, *words: object) -> int:
    return case_command.main([*map(str, words), "--db", str(world.path)])


def test_every_code_is_here():
    assert set(CASES) == set(WORDS)


@pytest.mark.parametrize("code", CASES)
def test_a_case_has_words_and_evidence_and_somebody_can_close_it(world, capsys, code):
    CASES[code](world)
    number, status = case_of(world, code)

    shown = typed(world, "show", number)
    told = capsys.readouterr().out
    listed = typed(world, "list", "--open", "--code", code, "--store", "s1")
    given = typed(world, "assign", number, "--to", "wong")
    closed = typed(world, "close", number, "--by", "wong", "--note", "Looked into.")

    assert status == "open"
    assert (shown, listed, given, closed) == (0, 0, 0, 0)
    assert code in capsys.readouterr().out
    for words in WORDS[code][1:]:
        assert words in told
    assert EVIDENCE.get(code, EVIDENCE[WORDS[code].about]) in told
    assert case_of(world, code) == (number, "closed")


@pytest.mark.parametrize(
    "code",
    [
        *("gap", "silent", "day_open", "unknown_card", "overdrawn", "overspend"),
        *("future_clock", "unknown_kind", "counter_gap"),
    ],
)
def test_what_comes_by_itself_settles_its_case(world, capsys, code):
    settle = CASES[code](world)
    number, before = case_of(world, code)

    assert settle is not None
    settle()

    typed(world, "show", number)
    assert (before, case_of(world, code)) == ("open", (number, "closed"))
    assert "it settled by itself" in capsys.readouterr().out
