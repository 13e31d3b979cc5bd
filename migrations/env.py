"""Runs the migrations on the connection that `leapter.migrate` hands over."""

from alembic import context

from leapter.db import db
from leapter.migrate import load_models

load_models()

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=db.metadata,
    render_as_batch=True,
    transaction_per_migration=False,
)
context.run_migrations()
