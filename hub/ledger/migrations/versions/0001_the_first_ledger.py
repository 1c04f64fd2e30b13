"""The first ledger: lines, members, transfers, lots, holds and cases."""

from alembic import op
from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    PrimaryKeyConstraint,
    UniqueConstraint,
    text,
)

from hub.ledger.columns import BY_KEY, STRICT, number, octets, whole, words

revision = "0001"
down_revision = None

_TABLES = (
    "meta",
    "device",
    "device_secret",
    "chain",
    "account",
    "member",
    "inbox",
    "fork",
    "card",
    "card_write",
    "day_close",
    "kept_state",
    "transfer",
    "lot",
    "lot_use",
    "hold",
    "case_file",
)
_NUMBERED = ("device", "chain", "account", "member", "inbox", "case_file")


def upgrade() -> None:
    """Make every table."""
    op.create_table("meta", words("name"), words("value"), PrimaryKeyConstraint("name"), **BY_KEY)
    op.create_table(
        "device",
        number(),
        words("store"),
        words("name"),
        octets("password_salt"),
        octets("password_digest"),
        whole("revoked_ms", empty=True),
        UniqueConstraint("name"),
        **STRICT,
    )
    op.create_table(
        "device_secret",
        whole("device", "device.id"),
        words("kid"),
        octets("secret"),
        whole("added"),
        PrimaryKeyConstraint("device", "kid"),
        **BY_KEY,
    )
    op.create_table(
        "chain",
        number(),
        whole("device", "device.id"),
        words("epoch"),
        whole("seq"),
        octets("head"),
        whole("kept_seq"),
        whole("gap_since_ms", empty=True),
        whole("fork_seq", empty=True),
        UniqueConstraint("device", "epoch"),
        **STRICT,
    )
    op.create_table(
        "account",
        number(),
        words("owner"),
        words("kind"),
        words("unit"),
        whole("balance"),
        UniqueConstraint("owner", "kind", "unit"),
        **STRICT,
    )
    op.create_table(
        "member",
        number(),
        words("token"),
        whole("account", "account.id"),
        words("tier"),
        whole("qualifying"),
        whole("debt"),
        whole("version"),
        whole("last_event_ms", empty=True),
        words("last_device", empty=True),
        words("last_epoch", empty=True),
        whole("last_seq", empty=True),
        UniqueConstraint("token"),
        CheckConstraint("debt >= 0", name="member_debt"),
        **STRICT,
    )
    op.create_table(
        "inbox",
        number(),
        whole("chain", "chain.id"),
        whole("seq"),
        octets("head"),
        octets("line"),
        whole("received_ms"),
        words("status"),
        words("code"),
        words("kind"),
        words("op"),
        whole("member", "member.id", empty=True),
        whole("event_ms", empty=True),
        UniqueConstraint("chain", "seq"),
        CheckConstraint(
            "status IN ('posted', 'held', 'rejected', 'duplicate')", name="inbox_status"
        ),
        **STRICT,
    )
    _index("inbox_op", "inbox", ["op"], "op <> '' AND status = 'posted'", unique=True)
    _index("inbox_other_op", "inbox", ["op"], "op <> '' AND status <> 'posted'")
    _index("inbox_member", "inbox", ["member", "event_ms"], "member IS NOT NULL")
    op.create_table(
        "fork",
        whole("chain", "chain.id"),
        whole("seq"),
        octets("head"),
        octets("line"),
        whole("received_ms"),
        PrimaryKeyConstraint("chain", "seq", "head"),
        **BY_KEY,
    )
    op.create_table(
        "card",
        words("uid"),
        whole("member", "member.id"),
        whole("counter"),
        whole("seen_ms"),
        words("status"),
        PrimaryKeyConstraint("uid"),
        CheckConstraint("status IN ('seen', 'issued', 'blocked')", name="card_status"),
        **BY_KEY,
    )
    op.create_table(
        "card_write",
        words("card", "card.uid"),
        whole("counter"),
        words("op"),
        whole("touched_ms"),
        PrimaryKeyConstraint("card", "counter", "op"),
        **BY_KEY,
    )
    op.create_table(
        "day_close",
        words("store"),
        whole("opens_ms"),
        whole("line", "inbox.id"),
        PrimaryKeyConstraint("store", "opens_ms", "line"),
        **BY_KEY,
    )
    op.create_table(
        "kept_state",
        whole("member", "member.id"),
        whole("version"),
        whole("event_ms"),
        words("device"),
        words("epoch"),
        whole("seq"),
        words("state"),
        PrimaryKeyConstraint("member", "version"),
        **BY_KEY,
    )
    op.create_table(
        "transfer",
        whole("line", "inbox.id"),
        words("leg"),
        words("unit"),
        whole("debit", "account.id"),
        whole("credit", "account.id"),
        whole("amount"),
        whole("member", "member.id"),
        whole("event_ms"),
        whole("booked_ms"),
        whole("rules"),
        whole("version"),
        PrimaryKeyConstraint("line", "leg"),
        CheckConstraint("amount > 0", name="transfer_amount"),
        CheckConstraint("debit <> credit", name="transfer_accounts"),
        **BY_KEY,
    )
    op.create_table(
        "lot",
        whole("member", "member.id"),
        words("op"),
        words("leg"),
        whole("earned_ms"),
        whole("expires_ms"),
        whole("amount"),
        whole("remaining"),
        PrimaryKeyConstraint("member", "op", "leg"),
        CheckConstraint("amount >= 0", name="lot_amount"),
        CheckConstraint("remaining BETWEEN 0 AND amount", name="lot_remaining"),
        **BY_KEY,
    )
    op.create_table(
        "lot_use",
        whole("line", "inbox.id"),
        words("by_op"),
        whole("member"),
        words("op"),
        words("leg"),
        whole("points"),
        PrimaryKeyConstraint("line", "by_op", "member", "op", "leg"),
        ForeignKeyConstraint(("member", "op", "leg"), ("lot.member", "lot.op", "lot.leg")),
        CheckConstraint("points <> 0", name="lot_use_points"),
        **BY_KEY,
    )
    op.create_table(
        "hold",
        words("auth"),
        whole("member", "member.id"),
        whole("device", "device.id"),
        words("ref"),
        words("offer"),
        whole("points"),
        whole("value_minor"),
        whole("granted_ms"),
        whole("expires_ms"),
        words("status"),
        PrimaryKeyConstraint("auth"),
        UniqueConstraint("device", "ref"),
        CheckConstraint("points >= 0", name="hold_points"),
        CheckConstraint("status IN ('active', 'captured', 'released')", name="hold_status"),
        **BY_KEY,
    )
    _index("hold_active", "hold", ["member"], "status = 'active'")
    op.create_table(
        "case_file",
        number(),
        words("code"),
        words("subject"),
        words("detail"),
        whole("line", "inbox.id", empty=True),
        whole("opened_ms"),
        whole("last_ms"),
        whole("times"),
        words("status"),
        UniqueConstraint("code", "subject"),
        CheckConstraint("status IN ('open', 'closed')", name="case_file_status"),
        **STRICT,
    )
    _keep_transfers()
    _number_rows()


def downgrade() -> None:
    """Drop everything."""
    for table in reversed(_TABLES):
        op.drop_table(table)
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION transfer_stays()")


def _index(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    op.create_index(
        name,
        table,
        columns,
        unique=unique,
        sqlite_where=text(where),
        postgresql_where=text(where),
    )


def _keep_transfers() -> None:
    """Have the database itself refuse to change or delete a transfer."""
    if op.get_context().dialect.name == "sqlite":
        for name, deed, word in (("stays", "UPDATE", "changes"), ("remains", "DELETE", "goes")):
            op.execute(
                f"CREATE TRIGGER transfer_{name} BEFORE {deed} ON transfer"
                f" BEGIN SELECT RAISE(ABORT, 'a transfer never {word}'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION transfer_stays() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'a transfer never changes or goes'; END $$"
    )
    op.execute(
        "CREATE TRIGGER transfer_stays BEFORE UPDATE OR DELETE ON transfer"
        " FOR EACH ROW EXECUTE FUNCTION transfer_stays()"
    )


def _number_rows() -> None:
    """Give PostgreSQL a sequence for each table with ids; SQLite has one writer, who counts."""
    if op.get_context().dialect.name == "postgresql":
        for table in _NUMBERED:
            op.execute(f"CREATE SEQUENCE {table}_number OWNED BY {table}.id")
            op.execute(f"ALTER TABLE {table} ALTER id SET DEFAULT nextval('{table}_number')")
