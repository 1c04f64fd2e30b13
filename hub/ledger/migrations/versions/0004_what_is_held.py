"""Held lines are found by what they wait for."""

from alembic import op
from sqlalchemy import text

revision = "0004"
down_revision = "0003"

_HELD = text("status = 'held'")


def upgrade() -> None:
    """Make an index of them."""
    op.create_index("inbox_held", "inbox", ["code"], sqlite_where=_HELD, postgresql_where=_HELD)


def downgrade() -> None:
    """Drop it."""
    op.drop_index("inbox_held", "inbox")
