"""The last proof that each card gave of itself is kept."""

from alembic import op
from sqlalchemy import PrimaryKeyConstraint

from hub.ledger.columns import BY_KEY, whole, words

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make its table."""
    op.create_table(
        "card_proof",
        words("uid"),
        whole("counter"),
        whole("device", "device.id"),
        words("ref"),
        PrimaryKeyConstraint("uid"),
        **BY_KEY,
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("card_proof")
