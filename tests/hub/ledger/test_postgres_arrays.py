"""Columns written as arrays are what the server reads, whatever is in them."""

import psycopg
import pytest

from hub.ledger.postgres_arrays import as_array
from tests.postgres_server import new_database

COLUMNS = {
    "bigint": [0, -1, 2**63 - 1, None],
    "text": ["", "plain", 'a "quote"', "back\\slash", "{1,2}", "NULL", "a,b", "林", None],
    "bytea": [b"", b"\x00\xff", b'"\\', None],
}


@pytest.mark.parametrize("kind", COLUMNS)
def test_a_column_comes_back_as_it_went(postgres_url: str, kind: str):
    column = COLUMNS[kind]

    with new_database(postgres_url) as url, psycopg.connect(url) as connection:
        written = [as_array(column)]
        rows = connection.execute(f"SELECT unnest(%s::{kind}[])", written).fetchall()

    assert [value for (value,) in rows] == column


def test_a_column_of_nothing_but_null_is_one_too():
    assert as_array([None, None]) == "{NULL,NULL}"
