"""On PostgreSQL, rows that come with every line refer to others without the server's looking."""

from alembic import op

revision = "0007"
down_revision = "0006"

# Frozen here: table, columns, target, its keys. The names are those that the server gave them.
_REFERENCES = (
    ("inbox", ("chain",), "chain", ("id",)),
    ("inbox", ("member",), "member", ("id",)),
    ("card_write", ("card",), "card", ("uid",)),
    ("kept_state", ("member",), "member", ("id",)),
    ("transfer", ("line",), "inbox", ("id",)),
    ("transfer", ("debit",), "account", ("id",)),
    ("transfer", ("credit",), "account", ("id",)),
    ("transfer", ("member",), "member", ("id",)),
    ("lot", ("member",), "member", ("id",)),
    ("lot_use", ("line",), "inbox", ("id",)),
    ("lot_use", ("member", "op", "leg"), "lot", ("member", "op", "leg")),
)


def upgrade() -> None:
    """Drop those references; SQLite never looked."""
    if op.get_context().dialect.name == "postgresql":
        for table, columns, _, _ in _REFERENCES:
            op.drop_constraint(_name(table, columns), table, type_="foreignkey")


def downgrade() -> None:
    """Have the server look again, also at what is there."""
    if op.get_context().dialect.name == "postgresql":
        for table, columns, target, keys in _REFERENCES:
            op.create_foreign_key(_name(table, columns), table, target, [*columns], [*keys])


def _name(table: str, columns: tuple[str, ...]) -> str:
    return f"{table}_{'_'.join(columns)}_fkey"
