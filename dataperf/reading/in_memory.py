"""Read objects in memory: data frames, Arrow tables, arrays, sparse matrices, dicts, lists."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataperf.basics.progress import Progress
from dataperf.basics.wording import shorten
from dataperf.errors import DataperfError, refuse
from dataperf.reading import arrow, tables
from dataperf.reading.loaded import Loaded

#: A sparse matrix with more numbers, zeros included, is reduced to `DIRECTIONS` columns.
MOST_DENSE, DIRECTIONS = 2**26, 256
ONE_LABEL = (
    "one label for each row; several labels a row are not supported yet. For one-hot labels: "
    "labels.argmax(axis=1)"
)


def load(source: Any, label: Any, *, progress: Progress) -> Loaded:
    """Return the columns of an object in memory.

    Parameters
    ----------
    source
        A pandas, polars or pyarrow table, or another object with ``__arrow_c_stream__``; an array
        with named fields; a dict of columns or a list of dicts; ``(features, labels)``, where the
        features are any of these, an (n, d) array or a sparse matrix.
    label
        The name of the label column, None, or the labels themselves.
    progress
        Called with the number of rows read.

    Raises
    ------
    Invalid
        If it is not such an object, or its labels are not one for each row.
    """
    apart = label is not None and not isinstance(label, str)
    if isinstance(source, tuple) and len(source) == 2 and not hasattr(source, "_fields"):
        return _with_labels(source[0], source[1], progress=progress)
    if apart:
        if not isinstance(label, Iterable) and not hasattr(label, "__arrow_c_stream__"):
            expected = "the name of a column, or a label for each row"
            raise refuse("data", "no-label", "label", f"a {type(label).__name__}", expected)
        return _with_labels(source, label, progress=progress)
    found = _table(source, progress=progress)
    if found is None:
        raise _unknown(source)
    return found


def _with_labels(features: Any, labels: Any, *, progress: Progress) -> Loaded:
    """Return features and the labels that were given apart from them."""
    found = _table(features, progress=progress)
    labels = _one_a_row(labels)
    _refuse_other_order(features, labels)
    if found is not None:
        return tables.with_label(found, labels)
    if hasattr(features, "tocsr") and hasattr(features, "shape"):
        values, note = _dense(features)
        return dataclasses.replace(tables.from_arrays("data", values, labels), notes=note)
    if _are_texts(features):
        return tables.with_label(tables.from_columns("data", {"text": list(features)}), labels)
    if isinstance(features, np.ma.MaskedArray):
        features = np.ma.filled(features.astype(np.float64), np.nan)
    return tables.from_arrays("data", features, labels)


def _refuse_other_order(features: Any, labels: Any) -> None:
    """Refuse labels whose index has the rows of the features in another order.

    Raises
    ------
    Invalid
        If both have the same index labels, but not in the same order.
    """
    if not is_frame(features) or not hasattr(labels, "iloc") or len(features) != len(labels):
        return
    rows, others = features.index, labels.index
    if rows.is_unique and not rows.equals(others) and set(rows) == set(others):
        what = "the rows of the features in another order: the index says so"
        expected = "labels.loc[features.index], or labels.to_numpy() if the order is right"
        raise refuse("data", "label-order", "labels", what, expected)


def _table(source: Any, *, progress: Progress) -> Loaded | None:
    """Return the columns of an object that holds columns; None for any other."""
    if is_frame(source):
        return tables.from_frame("data", source)
    if isinstance(source, Mapping) and source:
        return tables.from_columns("data", source)
    if isinstance(source, list) and source and all(isinstance(row, Mapping) for row in source):
        return tables.from_records("data", source)
    if (names := getattr(getattr(source, "dtype", None), "names", None)) is not None:
        fields = np.ma.asanyarray(source).ravel()
        return tables.from_columns("data", {name: _values(fields[name]) for name in names})
    table = _arrow_table(source)
    return None if table is None else arrow.from_table("data", table, progress=progress)


def _are_texts(features: Any) -> bool:
    """Return whether features are a list, an array or a series of texts."""
    single = isinstance(features, list) or getattr(features, "ndim", 0) == 1
    return single and len(features) > 0 and all(isinstance(each, str) for each in features)


def is_frame(source: Any) -> bool:
    """Return whether an object is a pandas data frame."""
    return hasattr(source, "iloc") and hasattr(source, "columns")


def _values(field: Any) -> list[Any]:
    """Return a field of an array as Python values, None where it is masked, bytes as text."""
    if field.dtype.kind == "S":
        field = np.ma.array(
            np.char.decode(np.asarray(field), "utf-8", "replace"), mask=np.ma.getmask(field)
        )
    return list(field.tolist())


def _arrow_table(source: Any) -> Any:
    """Return an object of another library as an Arrow table; None if it is not a table.

    A lazy frame is collected. A single column is not a table.
    """
    import pyarrow as pa

    lazy = getattr(source, "collect", None) or getattr(source, "to_table", None)
    if (
        callable(lazy)
        and not hasattr(source, "__arrow_c_stream__")
        and not isinstance(source, type)
    ):
        source = lazy()
    if isinstance(source, pa.Table):
        return source
    if isinstance(source, pa.RecordBatch):
        return pa.Table.from_batches([source])
    if not hasattr(source, "__arrow_c_stream__"):
        return None
    schema = getattr(source, "schema", None)
    kinds = dict(schema) if isinstance(schema, Mapping) else {}
    objects = [str(name) for name, kind in kinds.items() if str(kind) == "Object"]
    if objects:  # as Arrow, they would be addresses in memory
        what = f"Python objects in {shorten(objects)}"
        raise refuse("data", "bad-table", "", what, "columns of numbers or text")
    try:
        return pa.RecordBatchReader.from_stream(source).read_all()
    except Exception as error:  # another library's code, with errors of any type
        if hasattr(source, "columns") or hasattr(source, "schema"):
            what = f"it cannot be handed over as Arrow: {str(error)[:200]}"
            expected = "columns of other types, or a pandas data frame"
            raise refuse("data", "bad-table", "", what, expected) from error
        return None


def _one_a_row(labels: Any) -> Any:
    """Return labels as an array or list of one dimension; (n, 1) counts as n.

    Raises
    ------
    Invalid
        If each row has several labels.
    """
    if is_frame(labels) and labels.shape[1] == 1:
        return labels.iloc[:, 0]
    table = None if hasattr(labels, "iloc") else _arrow_table(labels)
    if table is not None and table.num_columns == 1:
        return table.column(0).to_pylist()
    if table is not None or is_frame(labels):
        shape: tuple[int, ...] = tuple(labels.shape)
        raise refuse("data", "label-length", "labels", f"labels of shape {shape}", ONE_LABEL)
    if hasattr(labels, "to_pylist"):
        return labels.to_pylist()
    if hasattr(labels, "tocsr"):
        labels = labels.toarray()
    if isinstance(labels, np.ma.MaskedArray):
        labels = np.array(labels.tolist(), dtype=object)
    try:
        given = tables.as_array(labels, "labels") if hasattr(labels, "__array__") else None
        nested = np.asarray(labels) if isinstance(labels, list | tuple) else None
    except ValueError:  # lists of unequal length
        raise refuse("data", "label-length", "labels", "lists of labels", ONE_LABEL) from None
    for each in (given, nested):
        if each is not None and each.ndim == 2 and each.shape[1] == 1:
            return each[:, 0]
        if each is not None and each.ndim > 1:
            what = f"labels of shape {each.shape}"
            raise refuse("data", "label-length", "labels", what, ONE_LABEL)
    return labels


def _dense(matrix: Any) -> tuple[NDArray[np.float32], tuple[tuple[str, str], ...]]:
    """Return a sparse matrix as an array; a large one in its main directions, and a note on it."""
    rows, columns = matrix.shape
    rest = matrix.tocsr()
    if rest.dtype.kind not in "fiub":
        what = f"a sparse matrix of {rest.dtype}"
        raise refuse("data", "features-shape", "features", what, "numbers of shape (rows, d)")
    if rows * columns <= MOST_DENSE:
        return np.asarray(rest.astype(np.float32).toarray()), ()
    from sklearn.decomposition import TruncatedSVD

    reduce = TruncatedSVD(min(DIRECTIONS, columns - 1), n_iter=4, random_state=0)
    found = reduce.fit_transform(rest.astype(np.float32)).astype(np.float32)
    note = f"a sparse matrix of {columns:,} columns: its {found.shape[1]} main directions are used"
    return found, (("features", note),)


def _unknown(source: Any) -> DataperfError:
    what = f"a {type(source).__name__}"
    arrays = hasattr(source, "__array__") or hasattr(source, "tocsr")
    what += " without labels" if arrays else ""
    expected = (
        "a data frame (pandas, polars, Arrow), a Hugging Face dataset, arrays as (features, "
        "labels), a path, hf:NAME, challenge:NAME/BOARD or the name of a dataset"
    )
    return refuse("source", "unknown-source", "", what, expected)
