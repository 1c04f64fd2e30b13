"""`revisit replay` as a person uses it, what it leaves, and that the points are right."""

import sqlite3
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from tests.replay.recount import Member, recount
from tests.replay.replayed import (
    DAYS,
    FIRST_DAY,
    PROGRAMME,
    STORE,
    Replayed,
    replayed_once,
    revisit,
)

FIELDS = [
    *("baskets", "lines", "records", "receipted", "posted", "duplicates", "faces"),
    *("points_issued", "points_redeemed", "bytes_pty", "bytes_broker", "digest", "invariants"),
]
QUIET_DAY = ("--from", "2018-01-01")  # 86 baskets in 57 stores


@pytest.fixture(scope="session")
def replayed(tmp_path_factory, worker_id) -> Replayed:
    """One replay, whichever worker the tests run on."""
    own = tmp_path_factory.getbasetemp()
    return replayed_once((own if worker_id == "master" else own.parent) / "replayed")


@pytest.fixture(scope="session")
def members() -> dict[str, Member]:
    """What everybody ought to have after that replay."""
    return recount(PROGRAMME, store=STORE, first_day=FIRST_DAY, days=DAYS)


def test_a_replay_ends_well_and_says_what_it_did(replayed):
    result = replayed.ended.result

    assert replayed.ended.status == 0, replayed.ended.err
    assert "Traceback" not in replayed.ended.err
    assert list(result) == FIELDS
    assert (result["baskets"], result["duplicates"]) == (232, 0)
    assert result["records"] == result["receipted"] == result["posted"]
    assert all(result[it] > 0 for it in FIELDS if it not in ("duplicates", "digest", "invariants"))
    assert set(result["invariants"].values()) <= {True, "absent"}
    assert result["invariants"]["fold_from_zero"] is True


def test_balances_tiers_and_lots_are_those_of_an_independent_recount(replayed, members):
    with sqlite3.connect(replayed.ledger) as ledger:
        found = {
            token: (tier, balance, qualifying, lots_of(ledger, number))
            for number, token, tier, balance, qualifying in ledger.execute(MEMBERS)
        }

    assert found == {
        token: (
            it.tier,
            it.balance,
            it.qualifying,
            {(*lot, left) for lot, left in it.lots.items() if left},
        )
        for token, it in members.items()
    }


def test_the_recount_had_something_to_get_wrong(members):
    tiers = {it.tier for it in members.values()}
    offers = {offer for it in members.values() for offer in it.redeemed}
    legs = {lot.leg for it in members.values() for lot in it.lots}

    assert {"silver", "gold"} <= tiers
    assert {"coffee", "voucher-1"} <= offers
    assert len(legs) >= 5


def test_points_issued_and_redeemed_are_those_of_the_recount(replayed, members):
    result = replayed.ended.result

    balance = sum(it.balance for it in members.values())
    issued = sum(it.qualifying for it in members.values())

    assert result["points_issued"] == issued
    assert result["points_redeemed"] == issued - balance


def test_a_printed_face_shows_what_the_account_held_at_its_version(replayed, members):
    faces = sorted(replayed.faces.glob("household-*.png"))

    assert len(faces) > 10
    for path in faces:
        account, version, points = face_code(path)
        assert f"household-{account.removeprefix('hh-')}" == path.stem
        assert members[account].balances[version] == points, path.name


def test_the_ledger_command_verifies_what_was_kept(replayed):
    ended = revisit("ledger", "verify", "--db", replayed.ledger, "--programme", PROGRAMME)

    assert ended.status == 0, ended.err
    assert "broken" not in ended.out
    assert "open cases: 0" in ended.out
    assert replayed.ended.result["digest"] in ended.out


def test_the_ledger_command_shows_a_members_balance_and_history(replayed, members):
    token, member = max(members.items(), key=lambda it: it[1].qualifying)

    balance = revisit("ledger", "balance", token, "--db", replayed.ledger)
    history = revisit("ledger", "history", token, "--db", replayed.ledger, "--limit", 1000)

    assert (balance.status, history.status) == (0, 0)
    assert f"{token}: {member.balance:,} points, tier gold" in balance.out
    assert all(lot.op in balance.out for lot, left in member.lots.items() if left)
    assert history.out.count(":redeem") == member.redeemed.total()


def test_the_digest_does_not_depend_on_who_serves_whom():
    few = revisit("replay", *QUIET_DAY, "--kiosks", 1, "--handhelds", 1, "--json").result
    many = revisit("replay", *QUIET_DAY, "--kiosks", 4, "--handhelds", 7, "--json").result

    assert few["baskets"] == 86
    assert few["points_redeemed"] > 0
    assert few["digest"] == many["digest"]


def test_without_kiosks_nobody_redeems_and_no_face_is_printed():
    result = revisit("replay", *QUIET_DAY, "--store", 429, "--kiosks", 0, "--json").result

    assert (result["faces"], result["points_redeemed"]) == (0, 0)


def lots_of(ledger: sqlite3.Connection, member: int) -> set[tuple[object, ...]]:
    return set(ledger.execute(LOTS, (member,)))


def face_code(path: Path) -> tuple[str, int, int]:
    """Return account, version and points of the one QR code in a picture of a card."""
    with Image.open(path) as picture:
        (code,) = zxingcpp.read_barcodes(picture)
    mark, account, version, points, *_ = code.text.split(";")
    assert mark == "RV1"
    return account, int(version), int(points)


MEMBERS = """
SELECT member.id, token, tier, balance, qualifying
FROM member JOIN account ON account.id = member.account
"""
LOTS = (
    "SELECT op, leg, earned_ms, expires_ms, remaining FROM lot WHERE member = ? AND remaining > 0"
)
