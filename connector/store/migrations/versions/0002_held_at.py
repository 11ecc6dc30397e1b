"""Since when a brake holds a row. Of rows that are held already, the time since when they wait."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("wanted", sa.Column("held_at", sa.BigInteger))
    op.execute("UPDATE wanted SET held_at = since WHERE held IS NOT NULL")


def downgrade() -> None:
    op.drop_column("wanted", "held_at")
