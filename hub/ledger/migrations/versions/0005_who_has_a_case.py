"""A case has somebody who looks after it, and a history."""

from alembic import op
from sqlalchemy import CheckConstraint, DefaultClause

from hub.ledger.columns import STRICT, number, whole, words

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the assignee, nobody for the cases that are there, and a table of what was done."""
    assignee = words("assignee")
    assignee.server_default = DefaultClause("")
    op.add_column("case_file", assignee)
    op.create_table(
        "case_note",
        number(),
        whole("case_file", "case_file.id"),
        whole("at_ms"),
        words("deed"),
        words("who"),
        words("note"),
        CheckConstraint(
            "deed IN ('assigned', 'closed', 'settled', 'opened')", name="case_note_deed"
        ),
        **STRICT,
    )
    op.create_index("case_note_file", "case_note", ["case_file"])
    if op.get_context().dialect.name == "postgresql":
        op.execute("CREATE SEQUENCE case_note_number OWNED BY case_note.id")
        op.execute("ALTER TABLE case_note ALTER id SET DEFAULT nextval('case_note_number')")


def downgrade() -> None:
    """Drop both."""
    op.drop_table("case_note")
    op.drop_column("case_file", "assignee")
