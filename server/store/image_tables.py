"""What the store knows of DICOM objects; their bytes are in the vault."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, LargeBinary, Table, UniqueConstraint

from server.store.columns import Instant, word
from server.store.tables import AUTO, metadata

study = Table(
    "study",
    metadata,
    Column("uid", word(64), primary_key=True),
    # As the first object said; what later ones say otherwise is a contradiction.
    Column("patient_id", word(256), nullable=False),
    Column("issuer", word(256), nullable=False),
    Column("accession", word(64), nullable=False),
    Column("accession_issuer", word(256), nullable=False),
    Column("first_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Index("study_of_accession", "accession"),
    Index("study_of_patient", "patient_id"),
)

image = Table(
    "image",
    metadata,
    Column("key", AUTO, primary_key=True, autoincrement=True),
    Column("sop_instance", word(64), nullable=False),
    Column("digest", word(64), nullable=False),
    Column("study", ForeignKey("study.uid"), nullable=False),
    Column("series", word(64), nullable=False),
    Column("sop_class", word(64), nullable=False),
    Column("transfer_syntax", word(64), nullable=False),
    Column("file", word(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("source", word(160), nullable=False),
    Column("header", LargeBinary, nullable=False),
    # Instance Number (0020,0013), where it is one.
    Column("number", BigInteger),
    # The same UID with other bytes is one more row: UIDs never change what they name, so a person must look.
    UniqueConstraint("sop_instance", "digest", name="image_identity"),
    Index("image_of_study", "study", "key"),
    Index("image_of_series", "series", "key"),
)

study_index = Table(
    "study_index",
    metadata,
    Column("study", ForeignKey("study.uid"), primary_key=True),
    # The object that came first: the order of studies.
    Column("first", BigInteger, nullable=False),
    # As that object said; empty where it said nothing. Names are folded (server/store/image_index.py).
    Column("patient_name", word(1024), nullable=False),
    Column("birth_date", word(16), nullable=False),
    Column("referring", word(1024), nullable=False),
    Column("study_date", word(16), nullable=False),
    Column("study_time", word(16), nullable=False),
    Column("study_id", word(64), nullable=False),
    Index("study_index_in_order", "first"),
    Index("study_index_of_date", "study_date"),
    Index("study_index_of_name", "patient_name"),
)
"""By what studies are searched (PS3.18 10.6), beside what ``study`` has."""

series_index = Table(
    "series_index",
    metadata,
    Column("study", ForeignKey("study.uid"), primary_key=True),
    Column("uid", word(64), primary_key=True),
    # The object that came first: the order of series, and what they are said to be.
    Column("first", BigInteger, nullable=False),
    Column("modality", word(64), nullable=False),
    Column("number", BigInteger),
    Column("step_date", word(16), nullable=False),
    Column("step_time", word(16), nullable=False),
    Index("series_index_in_order", "first"),
    Index("series_index_of_uid", "uid"),
)

contradiction = Table(
    "contradiction",
    metadata,
    Column("study", ForeignKey("study.uid"), primary_key=True),
    Column("text", word(160), primary_key=True),
    Column("at", Instant, nullable=False),
)
"""Why a study is not what it says; each reason once."""

awaited = Table(
    "awaited",
    metadata,
    # ``study:UID`` or ``accession:NUMBER``: what comes under it is news for the case.
    Column("name", word(160), primary_key=True),
    Column("case_id", ForeignKey("cases.id"), primary_key=True),
    Index("awaited_of_case", "case_id"),
)
