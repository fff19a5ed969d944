"""Files one by one: what each is, whether it is kept, and what a DICOMDIR among them says is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from server.dicom.files.dicomdir import LARGEST, MEDIA_STORAGE_DIRECTORY, Shelf, leads_out, referenced
from server.dicom.files.folder import file_at, files_below
from server.dicom.files.found import Became, Found, Name, Opened, Verdict
from server.dicom.files.taking import Taking, opening, read, unread
from server.dicom.files.zipped import Archive, is_zip
from server.dicom.part10 import LONGEST_HEAD, has_prefix, head_of
from server.errors import Category, Fault, fault
from server.objects import Held

_BARE = (b"\x02\x00", b"\x08\x00", b"\x00\x08")
"""How a data set begins that has lost its preamble: with group 0002 or 0008, big endian too."""
_HEADLESS = (
    "it looks like a data set without the head of a DICOM file; taken are files with 128 bytes, DICM and "
    "file meta information before it (PS3.10 7.1), which tools such as dcmconv add"
)
_BECAME = {
    Held.STORED: Became.NEW,
    Held.ALREADY: Became.HERE,
    Held.BESIDE: Became.BESIDE,
    Held.OWN: Became.OWN,
}
_WHY = {
    Held.BESIDE: "both are kept, and a person must decide which is meant",
    Held.OWN: "it is kept; no case takes it for an image, and it is not served",
}


class Importing:
    """One run over what a person has named."""

    def __init__(self, taking: Taking) -> None:
        self._taking = taking
        self.left = 0
        """Files that are known of and not looked at."""

    def verdicts(self, paths: Sequence[Path]) -> Iterator[Verdict]:
        """What became of each file, as it is known.

        Raises:
            Stopped: somebody has asked for it.
            Fault: of a category that is ours: nothing more can be taken.
            OSError: the disk that objects are kept on does not take one.
        """
        for path in paths:
            yield from self._all(list(files_below(path))) if path.is_dir() else self._named(path)

    def _named(self, path: Path) -> Iterator[Verdict]:
        """A file by itself; of a DICOMDIR, what it names."""
        found = file_at(path)
        try:
            with opening(found) as opened:
                beginning = read(opened, LONGEST_HEAD)
                names = _names(opened, beginning) if _is_directory(beginning) else None
        except Fault as failure:
            yield Verdict(found.shown, Became.REFUSED, str(failure))
            return
        yield from self._all([found]) if names is None else self._file_set(path, names)

    def _file_set(self, path: Path, names: Sequence[Name]) -> Iterator[Verdict]:
        there = {each.name: each for each in files_below(path.parent)}
        shelf = Shelf(there)
        wanted = dict.fromkeys(each for name in names if (each := shelf.find((), name)) is not None)
        yield Verdict(str(path), Became.DIRECTORY)
        yield from _missing(shelf, (), names, str(path))
        yield from self._all([there[each] for each in wanted if each != (path.name,)])
        for name, beside in there.items():
            if name not in wanted and name != (path.name,):
                yield Verdict(beside.shown, Became.UNREFERENCED, "the DICOMDIR does not name it")

    def _all(self, files: Sequence[Found]) -> Iterator[Verdict]:
        there = {each.name: each for each in files}
        self.left += len(files)
        for each in files:
            self.left -= 1
            self._taking.demand_going_on()
            try:
                with opening(each) as opened:
                    yield from self._looked_at(each, opened, there)
            except Fault as failure:
                if failure.category.ours:
                    raise
                yield Verdict(each.shown, Became.REFUSED, str(failure))

    def _looked_at(self, found: Found, opened: Opened, there: Mapping[Name, Found]) -> Iterator[Verdict]:
        beginning = read(opened, LONGEST_HEAD)
        if is_zip(beginning):
            yield from self._all(_unpacked(found, opened))
        elif not has_prefix(beginning):
            yield _no_file(found, beginning)
        elif _is_directory(beginning):
            names = _names(opened, beginning)
            yield Verdict(found.shown, Became.DIRECTORY)
            yield from _missing(Shelf(there), found.name[:-1], names, found.shown)
        else:
            held = self._taking.take(opened, head_of(beginning), beginning)
            yield Verdict(found.shown, _BECAME[held], _WHY.get(held, ""))


def _unpacked(found: Found, opened: Opened) -> list[Found]:
    if opened.anywhere is None:
        text = "it is a ZIP within a ZIP, which is not opened; unpack the outer one, and import the folder"
        raise fault(Category.INCORRECT, "too-costly", text)
    try:
        return Archive(opened.anywhere, opened.size, found.shown).files()
    except OSError as error:
        raise unread(error) from error


def _no_file(found: Found, beginning: bytes) -> Verdict:
    if not beginning:
        return Verdict(found.shown, Became.NOT_DICOM, "it is empty")
    if beginning.startswith(_BARE):
        return Verdict(found.shown, Became.REFUSED, _HEADLESS)
    return Verdict(found.shown, Became.NOT_DICOM, "after 128 bytes there is no DICM (PS3.10 7.1)")


def _is_directory(beginning: bytes) -> bool:
    return has_prefix(beginning) and head_of(beginning).sop_class == MEDIA_STORAGE_DIRECTORY


def _names(opened: Opened, beginning: bytes) -> list[Name]:
    """Raises Fault."""
    data = bytearray(beginning)
    while len(data) <= LARGEST and (more := read(opened, LARGEST + 1 - len(data))):
        data += more
    if len(data) > LARGEST:
        raise fault(Category.TOO_LARGE, "too-long", f"a DICOMDIR may have {LARGEST} bytes; import its folder")
    return referenced(bytes(data), head_of(beginning))


def _missing(shelf: Shelf, folder: Name, names: Sequence[Name], directory: str) -> Iterator[Verdict]:
    for name in dict.fromkeys(names):
        said = f"{directory} -> {chr(92).join(name)}"
        if leads_out(name):
            text = "a File ID is names of folders and of a file below the DICOMDIR (PS3.10 8.2)"
            yield Verdict(said, Became.REFUSED, text)
        elif shelf.find(folder, name) is None:
            yield Verdict(said, Became.MISSING, "the DICOMDIR names it, and it is not there")
