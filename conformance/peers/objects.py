"""The objects of an archive: files in a folder, and what they are found by."""

from __future__ import annotations

import hashlib
import threading
from io import BytesIO
from pathlib import Path

from pydicom import Dataset, dcmread

KEYS = (
    "PatientID",
    "AccessionNumber",
    "StudyDate",
    "Modality",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "SOPInstanceUID",
    "SOPClassUID",
)
"""What a query may name; those of a level are the last ones before it."""
_UNIQUE = {"STUDY": "StudyInstanceUID", "SERIES": "SeriesInstanceUID", "IMAGE": "SOPInstanceUID"}


class Objects:
    """Safe to use from any thread. A file is called by a hash of the UID, never by what was sent."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._known: dict[str, Dataset] = {}
        self.stores = 0
        """How many objects came, repeats among them."""
        folder.mkdir(parents=True, exist_ok=True)
        for path in sorted(folder.glob("*.dcm")):
            self._learn(path.read_bytes())

    def put(self, content: bytes) -> bool:
        """Keep a whole file (PS3.10); False when its UID was here."""
        with self._lock:
            self.stores += 1
            uid = _headers(content).SOPInstanceUID
            new = str(uid) not in self._known
            self.path(str(uid)).write_bytes(content)
            self._learn(content)
            return new

    def path(self, uid: str) -> Path:
        return self.folder / f"{hashlib.sha256(uid.encode()).hexdigest()}.dcm"

    def holds(self, uid: str) -> bool:
        with self._lock:
            return uid in self._known

    def forget(self, uid: str) -> None:
        """As if it had never come."""
        with self._lock:
            del self._known[uid]
            self.path(uid).unlink()

    def __len__(self) -> int:
        with self._lock:
            return len(self._known)

    def matching(self, query: Dataset) -> list[Dataset]:
        """One for each study, series or object that the query's level asks for (PS3.4 C.2.2.2)."""
        level = str(query.get("QueryRetrieveLevel", ""))
        unique = _UNIQUE[level]
        with self._lock:
            known = list(self._known.values())
        found = {str(each.get(unique, "")): each for each in known if _matches(each, query)}
        return [_answer(each, query, level) for each in found.values()]

    def _learn(self, content: bytes) -> None:
        headers = _headers(content)
        self._known[str(headers.SOPInstanceUID)] = headers


def _headers(content: bytes) -> Dataset:
    return dcmread(BytesIO(content), stop_before_pixels=True, specific_tags=list(KEYS))


def _matches(each: Dataset, query: Dataset) -> bool:
    asked = {name: str(query.get(name, "") or "") for name in KEYS}
    return all(not value or str(each.get(name, "")) == value for name, value in asked.items())


def _answer(each: Dataset, query: Dataset, level: str) -> Dataset:
    made = Dataset()
    made.QueryRetrieveLevel = level
    for name in KEYS:
        if name in query or name == _UNIQUE[level]:
            setattr(made, name, each.get(name, ""))
    return made
