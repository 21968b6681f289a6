"""bit depths: how many bits an image needs, so that all of a set are read at one depth."""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('images', sa.Column('bit_depth', sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column('images', 'bit_depth')
