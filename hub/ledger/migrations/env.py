"""What Alembic runs around each migration: our connection, in one transaction."""

from alembic import context

from hub.ledger.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,  # SQLite cannot alter most of a table in place.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
