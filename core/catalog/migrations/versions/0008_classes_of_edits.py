"""classes of edits: which classes an edit removed, so that merging and deleting a class can be undone."""

import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('edits', sa.Column('removed_labels', sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column('edits', 'removed_labels')
