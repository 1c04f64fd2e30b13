"""The ledger's schema goes up and down on both engines, with a day's work in it."""

from contextlib import closing

import pytest
import sqlalchemy
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.schema import SchemaItem

from hub.decisions.decisions import Decisions
from hub.errors import NoLedger
from hub.ledger.cases import assign
from hub.ledger.digest import digest
from hub.ledger.ledger import open_ledger
from hub.ledger.proposals import Proposal, propose
from hub.ledger.references import UNCHECKED
from hub.ledger.schema import OLDER_REVISIONS, REVISION
from hub.ledger.tables import METADATA
from hub.ledger.upgrade import MIGRATIONS
from loyalty.asks import AskLease, AskRedeem
from tests.fuzz.fuzzed_world import leasing_world
from tests.hub.hub_world import DAY, OPENS_MS, World, check_in, day_over, redemption, sale
from tests.hub.lease_world import issued

CARD = {"card": "04aa00", "member": "anna"}
SAMPLES = {int: 1, str: "x", bytes: b"x"}


@pytest.fixture
def worked_in(ledger_url):
    """Return the URL of a ledger after some work, and its digest."""
    world = World(ledger_url)
    till = world.till("h1")
    till.add(sale("r1", 9900), redemption("r2", 40), check_in(card="04BB", member="ben"))
    world.take(till.batch())
    found = digest(world.ledger)
    world.ledger.close()
    return ledger_url, found


@pytest.fixture
def full(ledger_url):
    """Return the URL of a ledger that has rows in every table."""
    world = leasing_world(ledger_url)
    till = world.till("h1")
    spent = redemption("r2", 40, **CARD)
    till.add(issued(**CARD), sale("r1", 19_900, **CARD), spent, b"rubbish", day_over())
    world.take(till.batch())
    world.take(till.ask(AskRedeem(ref="q1", **CARD, ctr_seen=0, offer="mug")))
    world.take(till.ask(AskLease(ref="q2", **CARD, ctr_seen=0)))
    with world.ledger.transaction() as database:
        note = "the till was down"
        propose(database, Proposal("7f3a09c1", "adjust", "anna", "5", "goodwill", note, "wong", 1))
    assign(world.ledger, 1, "wong", 2)
    decisions = Decisions(world.ledger, [world.programme])
    assert decisions.close_day("s1", DAY, OPENS_MS, "wong") == []
    decisions.stop_card(CARD["card"], "lost", OPENS_MS, "wong")
    world.ledger.close()
    fill_empty_tables(ledger_url)
    return ledger_url


def fill_empty_tables(url: str) -> None:
    """Put a row where the work above left none: what it says does not matter here."""
    with engine_of(url).begin() as connection:
        for table in METADATA.sorted_tables:
            if connection.execute(sqlalchemy.select(table).limit(1)).first() is None:
                kinds = {it.name: it.type.python_type for it in table.columns}
                connection.execute(
                    table.insert(), {it: SAMPLES[kind] for it, kind in kinds.items()}
                )


def rows_of(url: str, columns: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return what stands in `columns` of each table, a text for a row."""
    with engine_of(url).connect() as connection:
        found = {
            table: connection.exec_driver_sql(f"SELECT {', '.join(names)} FROM {table}")
            for table, names in columns.items()
        }
        return {table: sorted(map(repr, rows)) for table, rows in found.items()}


def columns_of(url: str) -> dict[str, list[str]]:
    """Return the names of all columns of all tables of a ledger."""
    with engine_of(url).connect() as connection:
        inspector = sqlalchemy.inspect(connection)
        tables = set(inspector.get_table_names()) - {"alembic_version"}
        return {it: [column["name"] for column in inspector.get_columns(it)] for it in tables}


def engine_of(url: str) -> sqlalchemy.Engine:
    driver = url.replace("postgresql:", "postgresql+psycopg:", 1)
    return sqlalchemy.create_engine(driver, poolclass=sqlalchemy.NullPool)


def migrate(url: str, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    move = command.downgrade if revision in ("base", *OLDER_REVISIONS) else command.upgrade
    with engine_of(url).begin() as connection:
        config.attributes["connection"] = connection
        move(config, revision)


def test_the_hub_knows_the_newest_revision_and_all_before():
    script = ScriptDirectory(str(MIGRATIONS))

    revisions = [it.revision for it in script.walk_revisions()]

    assert revisions == [REVISION, *reversed(OLDER_REVISIONS)]


def test_migrations_make_the_tables_that_are_written_down(worked_in):
    url, _ = worked_in

    with engine_of(url).connect() as connection:
        options = {"include_object": is_in_every_database}
        context = MigrationContext.configure(connection, opts=options)
        differences = compare_metadata(context, METADATA)

    assert differences == []


def is_in_every_database(it: SchemaItem, _name: str, kind: str, *_more: object) -> bool:
    """Leave out what only SQLite has; test_references.py compares references on a server."""
    if kind != "foreign_key_constraint":
        return True
    source = (it.table.name, tuple(it.column_keys))
    return source not in [reference[:2] for reference in UNCHECKED]


@pytest.mark.parametrize("older", OLDER_REVISIONS)
def test_a_ledger_that_is_older_is_brought_up_to_date_with_all_it_holds(worked_in, older):
    url, before = worked_in
    migrate(url, older)

    with pytest.raises(NoLedger, match=f"schema {older}, {REVISION} wanted"):
        open_ledger(url)
    with closing(open_ledger(url, create=True)) as ledger:
        after = digest(ledger)
        incarnation = ledger.incarnation

    assert after == before
    assert incarnation == "incarnation"


@pytest.mark.parametrize("older", OLDER_REVISIONS)
def test_every_row_that_an_older_ledger_has_room_for_goes_down_and_up(full, older):
    newest = columns_of(full)
    counts = {table: len(rows) for table, rows in rows_of(full, newest).items()}
    migrate(full, older)
    old = columns_of(full)
    shared = {table: [it for it in newest[table] if it in old[table]] for table in old}
    before = rows_of(full, shared)

    open_ledger(full, create=True).close()

    assert min(counts.values()) > 0
    assert {table: len(rows) for table, rows in before.items()}.items() <= counts.items()
    assert rows_of(full, shared) == before
    assert columns_of(full) == newest


def test_going_down_to_the_start_leaves_nothing_behind(worked_in):
    url, _ = worked_in

    migrate(url, "base")

    with engine_of(url).connect() as connection:
        inspector = sqlalchemy.inspect(connection)
        assert inspector.get_table_names() == ["alembic_version"]


def test_a_file_from_before_there_were_versions_is_left_alone(tmp_path):
    path = tmp_path / "ledger.db"
    with engine_of(f"sqlite:///{path}").begin() as connection:
        connection.exec_driver_sql("CREATE TABLE meta (name TEXT)")

    with pytest.raises(NoLedger, match="from before there were versions"):
        open_ledger(path, create=True)
