"""Each reference of the ledger is looked at, by PostgreSQL when it is written or by verify."""

import pytest
from sqlalchemy import Table

from hub.ledger.references import UNCHECKED, Reference
from hub.ledger.rows import KEEP_EVERY
from hub.ledger.tables import METADATA
from hub.ledger.verify import broken, verify
from tests.hub.hub_world import World, check_in, redemption, sale
from tests.postgres_server import new_database


@pytest.fixture
def world(postgres_url: str):
    """Return a hub on a server, with rows in every table that comes with lines."""
    with new_database(postgres_url) as url:
        world = World(url)
        till = world.till("h1")
        facts = [sale(f"r{number}", 9900) for number in range(KEEP_EVERY)]
        till.add(check_in(ctr_used=1, touch="done"), *facts, redemption("spent", 40))
        world.take(till.batch())
        yield world
        world.ledger.close()


def references_of(table: Table) -> set[Reference]:
    return {
        Reference(
            table.name,
            tuple(it.column_keys),
            it.referred_table.name,
            tuple(element.column.name for element in it.elements),
        )
        for it in table.foreign_key_constraints
    }


def what_is_broken(world: World) -> list[str]:
    return broken(verify(world.ledger, [world.programme], world.clock.now_ms()))


@pytest.mark.parametrize("reference", UNCHECKED, ids=lambda it: f"{it.table}_{it.columns[0]}")
def test_verify_finds_a_row_whose_target_is_not_there(world, reference):
    column = METADATA.tables[reference.table].c[reference.columns[-1]]
    nowhere = "'nowhere'" if column.type.python_type is str else "-1"
    before = what_is_broken(world)

    # As a replica the server neither looks at references nor keeps transfers from changing.
    world.ledger.connection.execute("SET session_replication_role = replica")
    changed = world.ledger.connection.execute(
        f"UPDATE {reference.table} SET {column.name} = {nowhere}"
        f" WHERE ctid = (SELECT min(ctid) FROM {reference.table} WHERE {column.name} IS NOT NULL)"
    )

    assert before == []
    assert changed.rowcount == 1
    assert world.ledger.engine.has_dangling_references()


def test_the_server_checks_every_other_reference(world):
    written_down = {it for table in METADATA.sorted_tables for it in references_of(table)}

    checked = world.ledger.connection.execute(_CHECKED).fetchall()

    looked_at = {Reference(row[0], tuple(row[1]), row[2], tuple(row[3])) for row in checked}
    assert looked_at == written_down - {*UNCHECKED}
    assert {*UNCHECKED} <= written_down


_CHECKED = """
SELECT conrelid::regclass::text, array(SELECT attname::text FROM unnest(conkey) WITH ORDINALITY
    AS key (number, place) JOIN pg_attribute ON attrelid = conrelid AND attnum = number
    ORDER BY place), confrelid::regclass::text, array(SELECT attname::text FROM unnest(confkey)
    WITH ORDINALITY AS key (number, place) JOIN pg_attribute ON attrelid = confrelid
    AND attnum = number ORDER BY place)
FROM pg_constraint WHERE contype = 'f'
"""
