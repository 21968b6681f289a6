"""Run by alembic: brings the connection that it is handed to the newest schema."""

from alembic import context

from core.catalog.schema import Base

context.configure(
    connection=context.config.attributes["connection"], target_metadata=Base.metadata, render_as_batch=True
)
with context.begin_transaction():
    context.run_migrations()
