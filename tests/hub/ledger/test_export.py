"""The ledger as CSV files: whole, at one moment, without secrets and without formulas."""

import csv
import threading
from contextlib import closing

import pytest

from hub.errors import HubError
from hub.ledger.export import PAGE_ROWS, export
from hub.ledger.ledger import open_ledger
from tests.hub.hub_world import (
    START_MS,
    check_in,
    lease_offered,
    redemption,
    sale,
    state_as_hub,
)

EXPORTS = 20
CARD = "phone:" + "5f" * 16


def rows_of(folder, name: str) -> list[dict[str, str]]:
    with (folder / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_members_lots_transfers_and_cases_are_told(world, tmp_path):
    till = world.till("h1")
    till.add(sale("r1", 9900), redemption("r2", 40), check_in(card=CARD, member=""))
    world.take(till.batch())

    counts = export(world.ledger, tmp_path / "figures")

    told = {it: rows_of(tmp_path / "figures", it) for it in counts}
    assert counts == {"members": 1, "lots": 1, "transfers": 2, "cases": 1}
    assert list(told["members"][0].values()) == ["anna", "basic", "59", "99", "0", "2"]
    lot = told["lots"][0]
    assert (lot["earned_utc"], lot["points"], lot["points_left"]) == (
        "2017-03-01 09:20:00",
        "99",
        "59",
    )
    assert lot["expires_utc"] == ""
    earned, spent = told["transfers"]
    assert (earned["from"], earned["to"], earned["points"]) == ("store:s1", "anna", "99")
    assert (spent["from"], spent["to"], spent["points"]) == ("anna", "store:s1", "40")
    case = told["cases"][0]
    assert (case["code"], case["about"], case["status"]) == ("unknown_card", "phone:…5f5f", "open")


def test_more_than_a_page_is_told_whole_and_once(world, tmp_path):
    till = world.till("h1")
    wanted = PAGE_ROWS + 1
    for first in range(0, wanted, 100):
        ops = range(first, min(first + 100, wanted))
        till.add(*[sale(f"r{it}", at_ms=START_MS + it, till_ms=START_MS + it) for it in ops])
        world.take(till.batch(first + 1))

    counts = export(world.ledger, tmp_path / "figures")

    lots, transfers = (rows_of(tmp_path / "figures", it) for it in ("lots", "transfers"))
    assert (counts["lots"], counts["transfers"]) == (wanted, wanted)
    assert len({it["operation"] for it in lots}) == wanted
    assert len({it["operation"] for it in transfers}) == wanted


@pytest.mark.parametrize("start", ["=", "+", "-"])
def test_nothing_that_a_device_named_is_a_formula(world, tmp_path, start):
    till = world.till("h1")
    till.add(sale(f"{start}1+1", 1000), sale("r2", 1000, card="04BB", member="ben:=1"))
    world.take(till.batch())

    export(world.ledger, tmp_path / "figures")

    operations = [it["operation"] for it in rows_of(tmp_path / "figures", "lots")]
    assert sorted(operations) == [f"'{start}1+1", "r2"]
    assert "ben:=1" in [it["member"] for it in rows_of(tmp_path / "figures", "members")]


def test_a_debt_stays_a_number(world, tmp_path):
    till = world.till("h1")
    till.add(redemption("r1"))
    world.take(till.batch())

    export(world.ledger, tmp_path / "figures")

    assert rows_of(tmp_path / "figures", "members")[0]["points"] == "-50"


def test_nothing_secret_is_told(world, tmp_path):
    till = world.till("h1")
    till.add(check_in(card=CARD, member=""))
    world.take(till.batch())

    export(world.ledger, tmp_path / "figures")

    told = b"".join(it.read_bytes() for it in (tmp_path / "figures").iterdir())
    assert CARD.encode() not in told
    assert till.secret.hex().encode() not in told
    assert b"password" not in told


def test_sheets_of_a_ledger_that_is_being_written_are_all_as_at_one_moment(
    world, tmp_path, ledger_url
):
    till = world.till("h1")
    stop = threading.Event()

    def work() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            till.add(sale(f"r{number}", 1000))
            world.take(till.batch(number))

    writer = threading.Thread(target=work)
    writer.start()
    try:
        with closing(open_ledger(ledger_url)) as reader:
            counts = [export(reader, tmp_path / "figures-0")]
            # Who writes may be slow to begin; what grows meanwhile is what this is about.
            while len(counts) < EXPORTS or counts[-1]["lots"] == counts[0]["lots"]:
                assert writer.is_alive()
                counts.append(export(reader, tmp_path / f"figures-{len(counts)}"))
    finally:
        stop.set()
        writer.join()

    lots = [it["lots"] for it in counts]
    assert lots == [it["transfers"] for it in counts]
    assert lots == sorted(lots)
    assert lots[-1] > lots[0]


def test_a_folder_that_is_there_is_left_alone_and_a_failure_leaves_nothing(world, tmp_path):
    (tmp_path / "figures").mkdir()

    with pytest.raises(HubError, match="figures: is there already, a new folder wanted"):
        export(world.ledger, tmp_path / "figures")
    with pytest.raises(HubError, match="a place to write to wanted"):
        export(world.ledger, tmp_path / "absent" / "figures")
    world.ledger.connection.execute("ALTER TABLE case_note RENAME TO gone")
    world.ledger.connection.execute("ALTER TABLE case_file RENAME TO gone_too")
    with pytest.raises(Exception, match="case_file"):
        export(world.ledger, tmp_path / "more")

    assert not (tmp_path / "more").exists()
    assert [it.name for it in tmp_path.iterdir() if it.name.startswith(".")] == []


def test_a_cards_account_is_told_without_the_cards_whole_number(world, tmp_path):
    card = {"card": "04a1b2c3d4e5f6"}
    till = world.till("h1")
    till.add(sale("r1", 9900, **card))
    world.take(till.batch())
    with closing(open_ledger(world.path)) as ledger:
        offered = lease_offered("L1", 50, **card, at_ms=START_MS + 1)
        state_as_hub(ledger, [world.programme], offered, START_MS)

    export(world.ledger, tmp_path / "figures")

    (leased,) = [it for it in rows_of(tmp_path / "figures", "transfers") if it["leg"] == "lease"]
    assert (leased["to"], leased["to_kind"], leased["points"]) == ("…e5f6", "escrow", "50")
