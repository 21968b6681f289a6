"""images of edits: which images an edit can bring back, so that deleting needs not read every edit."""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    table = op.create_table(
        'edit_images',
        sa.Column('edit_id', sa.String(length=16), nullable=False),
        sa.Column('digest', sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(['edit_id'], ['edits.id'], ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('edit_id', 'digest'),
    )
    op.create_index('ix_edit_images_digest', 'edit_images', ['digest'])
    edits = sa.table('edits', sa.column('id', sa.String), sa.column('before', sa.JSON))
    connection = op.get_bind()
    for edit in connection.execute(sa.select(edits)).all():
        digests = sorted({item['digest'] for item in edit.before})
        if digests:
            connection.execute(sa.insert(table), [{'edit_id': edit.id, 'digest': digest} for digest in digests])


def downgrade() -> None:
    op.drop_table('edit_images')
