"""A run over files into a vault and a store that remember what came."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from server.dicom.files.found import Became, Verdict
from server.dicom.files.importing import Importing
from server.dicom.files.taking import Taking
from server.dicom.limits import MIB
from server.dicom.receive.staging import Staging
from server.holding import ObjectHolding
from server.images import ImageObject, Study
from server.objects import Held
from server.store.vault import Vault
from tests.dicom.door import NOW


class Kept:
    """Stands for the store of images, as far as it tells repeats."""

    def __init__(self) -> None:
        self.objects: list[ImageObject] = []

    def hold(self, came: ImageObject) -> Held:
        known = {each.digest for each in self.objects if each.sop_instance == came.sop_instance}
        if came.digest in known:
            return Held.ALREADY
        self.objects.append(came)
        return Held.BESIDE if known else Held.STORED

    def study(self, uid: str) -> Study | None:
        raise NotImplementedError

    def studies_of(self, accession: str) -> tuple[str, ...]:
        raise NotImplementedError


class House:
    """``most``: bytes of one object; ``patience``: how many looks until somebody asks for the end."""

    def __init__(self, folder: Path, most: int = 16 * MIB) -> None:
        self.folder, self.images, self._most = folder, Kept(), most
        self.patience: int | None = None
        self.holding = ObjectHolding(Staging(Vault(folder)), self.images)

    def bring(self, *paths: Path) -> list[Verdict]:
        importing = Importing(Taking(self.holding, self._most, lambda: NOW, self._stopped))
        found = []
        for each in importing.verdicts(paths):
            assert importing.left >= 0
            found.append(each)
        assert importing.left == 0
        assert not self.staged()
        return found

    def staged(self) -> list[Path]:
        return list((self.folder / "staging").iterdir())

    def files(self) -> list[Path]:
        return [each for each in (self.folder / "vault").rglob("*") if each.is_file()]

    def _stopped(self) -> bool:
        if self.patience is None:
            return False
        self.patience -= 1
        return self.patience < 0


def counted(found: list[Verdict]) -> dict[Became, int]:
    return dict(Counter(each.became for each in found))


def why(found: list[Verdict], name: str) -> tuple[Became, str]:
    """Of the one verdict on a file whose path ends so."""
    (one,) = [each for each in found if each.shown.endswith(name)]
    return one.became, one.why
