"""By what DICOM objects are searched."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def _word(length: int) -> sa.String:
    return sa.String(length).with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("image", sa.Column("number", sa.BigInteger(), nullable=True))
    op.create_index("image_of_series", "image", ["series", "key"])
    studies = op.create_table(
        "study_index",
        sa.Column("study", _word(64), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("patient_name", _word(1024), nullable=False),
        sa.Column("birth_date", _word(16), nullable=False),
        sa.Column("referring", _word(1024), nullable=False),
        sa.Column("study_date", _word(16), nullable=False),
        sa.Column("study_time", _word(16), nullable=False),
        sa.Column("study_id", _word(64), nullable=False),
        sa.ForeignKeyConstraint(["study"], ["study.uid"]),
        sa.PrimaryKeyConstraint("study"),
    )
    op.create_index("study_index_in_order", "study_index", ["first"])
    op.create_index("study_index_of_date", "study_index", ["study_date"])
    op.create_index("study_index_of_name", "study_index", ["patient_name"])
    series = op.create_table(
        "series_index",
        sa.Column("study", _word(64), nullable=False),
        sa.Column("uid", _word(64), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("modality", _word(64), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=True),
        sa.Column("step_date", _word(16), nullable=False),
        sa.Column("step_time", _word(16), nullable=False),
        sa.ForeignKeyConstraint(["study"], ["study.uid"]),
        sa.PrimaryKeyConstraint("study", "uid"),
    )
    op.create_index("series_index_in_order", "series_index", ["first"])
    op.create_index("series_index_of_uid", "series_index", ["uid"])
    _fill(studies, series)


def _fill(studies: sa.Table, series: sa.Table) -> None:
    """What came before is found too, by what was kept of it then."""
    known: set[tuple[str, str]] = set()
    rows = op.get_bind().execute(sa.text("SELECT key, study, series, header FROM image ORDER BY key"))
    for key, study, uid, header in rows.all():
        said = json.loads(bytes(header))
        if (study, "") not in known:
            op.bulk_insert(studies, [_study(study, key, said)])
        if (study, uid) not in known:
            op.bulk_insert(series, [_series(study, uid, key, said)])
        known |= {(study, ""), (study, uid)}


def _study(study: str, key: int, said: dict[str, Any]) -> dict[str, Any]:
    return {
        "study": study,
        "first": key,
        "patient_name": said.get("PatientName", "").casefold(),
        "birth_date": said.get("PatientBirthDate", ""),
        "referring": "",
        "study_date": said.get("StudyDate", ""),
        "study_time": "",
        "study_id": "",
    }


def _series(study: str, uid: str, key: int, said: dict[str, Any]) -> dict[str, Any]:
    return {
        "study": study,
        "uid": uid,
        "first": key,
        "modality": said.get("Modality", ""),
        "number": int(said["SeriesNumber"]) if said.get("SeriesNumber", "").isdigit() else None,
        "step_date": "",
        "step_time": "",
    }


def downgrade() -> None:
    op.drop_table("series_index")
    op.drop_table("study_index")
    op.drop_index("image_of_series", "image")
    op.drop_column("image", "number")
