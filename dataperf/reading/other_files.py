"""Files of forms that are not read: what they are, and how to turn them into a table."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

_PANDAS = "in Python: dataperf.audit(pandas.read_{}({!r}), ...)"
_RENAME = "if it is a CSV file with any separator, call it {stem}.csv"
#: Ending to what such a file is, and what to do; "{name}" and "{stem}" are the file's.
ENDINGS = {
    **dict.fromkeys((".xlsx", ".xls", ".xlsm", ".xlsb"), ("an Excel workbook", "excel")),
    **dict.fromkeys((".ods", ".numbers"), ("a spreadsheet", "excel")),
    **dict.fromkeys((".feather", ".arrow", ".ipc"), ("an Arrow file", "feather")),
    ".orc": ("an ORC file", "orc"),
    ".dta": ("a Stata file", "stata"),
    **dict.fromkeys((".sav", ".zsav", ".por"), ("an SPSS file", "spss")),
    **dict.fromkeys((".sas7bdat", ".xpt"), ("a SAS file", "sas")),
    **dict.fromkeys((".h5", ".hdf5", ".hdf"), ("an HDF5 file", "hdf")),
    ".xml": ("an XML file", "xml"),
}
_WAYS = {
    ".npy": "numpy.savez(file, features=..., labels=...) and the ending .npz",
    **dict.fromkeys((".pkl", ".pickle"), "Parquet or CSV: a pickle may run any code"),
    **dict.fromkeys((".rds", ".rdata"), "in R: write.csv(data, '{stem}.csv', row.names = FALSE)"),
    ".mat": "in Python: dataperf.audit((features, labels)) with scipy.io.loadmat('{name}')",
    **dict.fromkeys(
        (".svm", ".libsvm", ".svmlight"),
        "in Python: dataperf.audit(sklearn.datasets.load_svmlight_file('{name}'))",
    ),
    ".arff": "in Python: dataperf.audit(pandas.DataFrame(scipy.io.arff.loadarff('{name}')[0]), ...)",
    **dict.fromkeys((".db", ".sqlite", ".sqlite3"), "one table of it as CSV or Parquet"),
    **dict.fromkeys((".tar", ".tgz", ".7z", ".rar"), "unpack it, and name one file or the folder"),
    **dict.fromkeys((".lz4", ".z", ".br", ".lzma"), "decompress it, or use .gz, .bz2, .xz or .zst"),
    **dict.fromkeys((".tab", ".psv", ".dat", ".data", ".asc", ".ssv"), _RENAME),
}
#: First bytes of files that are called like a text table.
_SIGNS = (
    (
        rb"\s*(<!doctype html|<html)",
        "an HTML page",
        "the table itself: was a login or error page saved?",
    ),
    (rb"\s*<\?xml", "an XML file", "the values as CSV"),
    (rb"version https://git-lfs", "a pointer of Git LFS, not the file", "the file: git lfs pull"),
    (rb"PAR1", "a Parquet file", "the ending .parquet"),
    (rb"ARROW1", "an Arrow file", "Parquet or CSV"),
    (
        rb"\s*\[?\s*\{\s*(\"|\Z|\})",
        "JSON",
        "the ending .json, or .jsonl for one object in each line",
    ),
    (rb"\xd0\xcf\x11\xe0", "an old Excel workbook", "save it as CSV UTF-8 there"),
    (rb"\x89HDF", "an HDF5 file", "the values as CSV or Parquet"),
    (rb"%PDF", "a PDF file", "the values as CSV"),
)


def way_out(path: Path, ending: str) -> str:
    """Return what to do with a file of an ending that is not read; "" if nothing is known.

    >>> way_out(Path("t.npy"), ".npy")
    'numpy.savez(file, features=..., labels=...) and the ending .npz'
    """
    if ending in ENDINGS:
        what, reader = ENDINGS[ending]
        first = "save it as CSV UTF-8 there, or " if reader == "excel" else ""
        return f"{what}: {first}{_PANDAS.format(reader, path.name)}"
    return _WAYS.get(ending, "").format(name=path.name, stem=path.stem)


def sign_of(head: bytes) -> tuple[str, str] | None:
    """Return what a file really is, and what to do; None if it may be a text table.

    >>> sign_of(b"<!DOCTYPE html>")[0], sign_of(b"a,b")
    ('an HTML page', None)
    """
    found = (each for each in _SIGNS if re.match(each[0], head[:1000], re.IGNORECASE))
    return next(((what, expected) for _, what, expected in found), None)


def is_spreadsheet(path: Path) -> bool:
    """Return whether a file is a workbook of Excel or OpenDocument, whatever its name.

    >>> is_spreadsheet(Path("missing.csv"))
    False
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (OSError, ValueError, zipfile.BadZipFile):
        return False
    return "[Content_Types].xml" in names or {"mimetype", "content.xml"} <= {*names}
