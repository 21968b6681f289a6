"""deleted projects: when a project was deleted, so that it can come back."""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('projects', sa.Column('deleted_at', sa.Float(), nullable=True))


def downgrade() -> None:
    op.drop_column('projects', 'deleted_at')
