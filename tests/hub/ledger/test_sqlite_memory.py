"""How much of a ledger's file each connection keeps in memory: many are open in one hub."""

from contextlib import closing

from hub.ledger.books import Books
from hub.ledger.ledger import Ledger, open_ledger
from hub.ledger.sqlite import ASKING_CACHE_KIB, POSTING_CACHE_KIB


def cache_kib(ledger: Ledger) -> int:
    (pages,) = ledger.connection.execute("PRAGMA cache_size").fetchone()
    return -pages  # SQLite writes KiB as a negative number of pages


def test_who_only_asks_keeps_little(tmp_path):
    with closing(open_ledger(tmp_path / "ledger.db", create=True)) as ledger:
        assert cache_kib(ledger) == ASKING_CACHE_KIB


def test_who_posts_keeps_more(tmp_path):
    with closing(open_ledger(tmp_path / "ledger.db", create=True)) as ledger:
        Books(ledger)

        assert cache_kib(ledger) == POSTING_CACHE_KIB > ASKING_CACHE_KIB


def test_who_begins_to_post_within_a_transaction_keeps_more(tmp_path):
    with closing(open_ledger(tmp_path / "ledger.db", create=True)) as ledger:
        with ledger.transaction():
            Books(ledger)

        assert cache_kib(ledger) == POSTING_CACHE_KIB
