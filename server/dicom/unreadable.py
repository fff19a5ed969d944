"""What the library raises for bytes that are no data set, at once or when an element is looked at.

Of objects that were whole when they came, too: it reads some of what the walk (``server/dicom/whole.py``) has
let through otherwise, or not at all.
"""

from __future__ import annotations

import struct
from typing import Final

from pydicom.errors import InvalidDicomError

UNREADABLE: Final = (
    ArithmeticError,
    AttributeError,
    EOFError,
    InvalidDicomError,
    LookupError,
    NotImplementedError,
    RecursionError,
    TypeError,
    ValueError,
    struct.error,
)
