"""Points on leases, stopped cards, watermarks, codes to pair devices, and what takes two people."""

from alembic import op
from sqlalchemy import CheckConstraint, PrimaryKeyConstraint, UniqueConstraint, text

from hub.ledger.columns import BY_KEY, STRICT, number, octets, whole, words

revision = "0006"
down_revision = "0005"

_OPEN_LEASE = text("status <> 'closed'")


def upgrade() -> None:
    """Make their tables; members have no leases yet."""
    op.add_column("member", words("leases", default=""))
    op.create_table(
        "lease",
        words("lease"),
        words("card", "card.uid"),
        whole("member", "member.id"),
        whole("device", "device.id"),
        words("ref"),
        whole("points"),
        whole("counter"),
        whole("offered_ms"),
        whole("expires_ms"),
        words("status"),
        PrimaryKeyConstraint("lease"),
        UniqueConstraint("device", "ref"),
        CheckConstraint("points > 0", name="lease_points"),
        CheckConstraint(
            "status IN ('offered', 'carried', 'closing', 'closed')", name="lease_status"
        ),
        **BY_KEY,
    )
    op.create_index(
        "lease_open", "lease", ["card"], sqlite_where=_OPEN_LEASE, postgresql_where=_OPEN_LEASE
    )
    op.create_table(
        "hotlist",
        number(),
        words("card"),
        words("reason"),
        whole("at_ms"),
        **STRICT,
    )
    op.create_table(
        "watermark",
        whole("chain", "chain.id"),
        whole("told_seq"),
        whole("told_ms"),
        whole("reported_ms"),
        PrimaryKeyConstraint("chain"),
        **BY_KEY,
    )
    op.create_table(
        "pairing",
        words("code"),
        octets("shared_key"),
        words("store"),
        words("kind"),
        words("name"),
        words("made_by"),
        whole("made_ms"),
        whole("expires_ms"),
        whole("tries"),
        whole("used_ms", empty=True),
        words("used_by"),
        PrimaryKeyConstraint("code"),
        **BY_KEY,
    )
    op.create_table(
        "proposal",
        words("proposal"),
        words("kind"),
        words("subject"),
        words("terms"),
        words("reason"),
        words("note"),
        words("maker"),
        whole("made_ms"),
        words("checker"),
        whole("decided_ms", empty=True),
        words("status"),
        PrimaryKeyConstraint("proposal"),
        CheckConstraint("status IN ('open', 'agreed', 'refused')", name="proposal_status"),
        CheckConstraint("checker <> maker", name="proposal_two_people"),
        **BY_KEY,
    )
    if op.get_context().dialect.name == "postgresql":
        op.execute("CREATE SEQUENCE hotlist_number OWNED BY hotlist.id")
        op.execute("ALTER TABLE hotlist ALTER id SET DEFAULT nextval('hotlist_number')")


def downgrade() -> None:
    """Drop them."""
    for table in ("proposal", "pairing", "watermark", "hotlist", "lease"):
        op.drop_table(table)
    op.drop_column("member", "leases")
