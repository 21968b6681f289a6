"""cameras of images: when and by which camera an image was taken, from which groups are proposed."""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('images', sa.Column('captured_at', sa.String(length=19), nullable=True))
    op.add_column('images', sa.Column('camera', sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column('images', 'camera')
    op.drop_column('images', 'captured_at')
