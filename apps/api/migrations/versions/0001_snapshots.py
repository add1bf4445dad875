"""Repositories, snapshots and theme results."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "repos",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.UniqueConstraint("tenant", "name"),
    )
    op.create_table(
        "snapshots",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("public_id", sa.String(32), nullable=False, unique=True),
        sa.Column("repo_id", sa.Integer(), sa.ForeignKey("repos.id"), nullable=False),
        sa.Column("suite", sa.String(64), nullable=False),
        sa.Column("commit_sha", sa.String(40), nullable=False),
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.Column("branch", sa.String(255)),
        sa.Column("verdict", sa.String(64), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        *_counts(),
        sa.UniqueConstraint("repo_id", "suite", "commit_sha", "run_id"),
    )
    op.create_index(None, "snapshots", ["repo_id", "suite", "recorded_at"])
    op.create_table(
        "theme_results",
        sa.Column("snapshot_id", sa.Integer(), sa.ForeignKey("snapshots.id"), primary_key=True),
        sa.Column("theme", sa.String(64), primary_key=True),
        sa.Column("tests", sa.Integer(), nullable=False),
        *_counts(),
    )


def downgrade() -> None:
    """Drop the tables and all their data."""
    op.drop_table("theme_results")
    op.drop_table("snapshots")
    op.drop_table("repos")


def _counts() -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("statements", sa.Integer(), nullable=False),
        sa.Column("executed", sa.Integer(), nullable=False),
        sa.Column("branches", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.CheckConstraint("executed BETWEEN 0 AND statements", name="executed"),
        sa.CheckConstraint("taken BETWEEN 0 AND branches", name="taken"),
    ]
