"""A card says of what kind it is; those that are there are chips of a kind nobody stated."""

from alembic import op
from sqlalchemy import DefaultClause

from hub.ledger.columns import words

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the kind, empty for cards whose issue was not seen since."""
    kind = words("kind")
    kind.server_default = DefaultClause("")
    op.add_column("card", kind)


def downgrade() -> None:
    """Drop it."""
    op.drop_column("card", "kind")
