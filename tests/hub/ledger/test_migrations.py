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

from hub.errors import NoLedger
from hub.ledger.digest import digest
from hub.ledger.ledger import open_ledger
from hub.ledger.references import UNCHECKED
from hub.ledger.schema import OLDER_REVISIONS, REVISION
from hub.ledger.tables import METADATA
from hub.ledger.upgrade import MIGRATIONS
from tests.hub.hub_world import World, check_in, redemption, sale


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
