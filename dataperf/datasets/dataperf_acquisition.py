"""The official data of DataPerf's data acquisition: markets of sellers and a buyer.

For a market k:

- ``features/k/SELLER.csv`` holds a seller's rows: numbers, the label last, no header.
- ``marketinfo/k/data_buyer/*.csv`` holds the buyer's rows in the same form.
- ``marketinfo/k/price/price.txt`` holds a line ``METHOD,PRICE`` for each seller.
- ``marketinfo/k/price/budget.txt`` holds the budget.
- ``marketinfo/k/summary/SELLER.csv.json`` holds what a buyer may know of a seller.

Sellers are sorted by their number.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dataperf.errors import Invalid, Problem, Unavailable
from dataperf.records import Archive, Card, Folder, Table
from dataperf.sources import scratch

card = Card(
    title="DataPerf data acquisition (DAM)",
    description="Markets in which a buyer decides how many rows to buy from each seller; "
    "features are text embeddings, labels binary.",
    licence="see the source",
    source="https://github.com/facebookresearch/Data_Acquisition_for_ML_Benchmark",
    attribution="Lingjiao Chen et al., arXiv 2311.13712",
    known_limits="Prices are linear, whatever method the price file names; the buyer's rows, "
    "which are the test set, are public.",
)

source = Folder(
    layout="features/MARKET/SELLER.csv and marketinfo/MARKET",
    entries=("features",),
    archives=(
        Archive(
            "https://github.com/lchen001/Data_Acquisition_for_ML_Benchmark/releases/download/"
            "v0.0.1/marketinfo.zip",
            "marketinfo.zip",
            folder="marketinfo",
        ),
    ),
)


BLOCK = 1 << 22  # bytes parsed at a time


def inputs(path: Path, market: int) -> list[Path]:
    """Return the files of a market that hold its rows."""
    return [*_sellers(path, market), _buyer(path, market)]


def table(path: Path | None, market: Literal[0, 1, 2, 3, 4]) -> Table:
    """Return the rows of all sellers, sorted by seller, then the buyer's rows.

    Returns
    -------
    Table
        Ids: ``SELLER/ROW``. Features: float32 if that loses no precision, else float64. Columns:
        ``part`` (``sellers`` or ``buyer``), ``seller`` and ``label`` ("0" or "1").

    Raises
    ------
    Unavailable
        If files are missing.
    Invalid
        If a file is not a table of numbers, or a label is not 0 or 1.
    """
    assert path is not None
    files = inputs(path, market)
    blocks = [_numbers(file) for file in files]
    sizes = [len(block) for block in blocks]
    problems = [
        Problem("bad-table", str(file), f"{block.shape[1]} columns", f"{blocks[-1].shape[1]}")
        for file, block in zip(files, blocks, strict=True)
        if block.shape[1] != blocks[-1].shape[1]
    ]
    stated = facts(path, market)["rows"]
    problems += [
        Problem("bad-market", str(file), f"{size:,} rows", f"{rows:,}, as stated in its summary")
        for file, size, rows in zip(files[:-1], sizes[:-1], stated, strict=True)
        if size != rows
    ]
    if problems:
        raise Invalid(f"market {market}", problems)
    dtype = np.result_type(*{block.dtype for block in blocks})
    labels = []
    with scratch.Scratch(blocks[-1].shape[1] - 1, dtype) as rows:
        while blocks:
            block = blocks.pop(0)  # one copy of the rows at a time
            rows.append(block[:, :-1])
            labels.append(_labels(block[:, -1], market))
    names = [str(number) for number in range(len(sizes) - 1)] + ["buyer"]
    return Table(
        ids=np.array([f"{n}/{row}" for n, size in zip(names, sizes) for row in range(size)]),
        features=rows.features(),
        columns={
            "part": np.repeat(["sellers"] * (len(sizes) - 1) + ["buyer"], sizes),
            "seller": np.repeat(names, sizes),
            "label": np.concatenate(labels),
        },
    )


def facts(path: Path, market: int) -> dict[str, Any]:
    """Return what a buyer may know: rows, prices, budget and a summary of every seller.

    Raises
    ------
    Invalid
        If a file is missing or holds something else.
    """
    folder = path / "marketinfo" / str(market)
    try:
        lines = (folder / "price" / "price.txt").read_text(encoding="utf-8").split()
        prices = [float(line.rpartition(",")[2]) for line in lines]
        budget = float((folder / "price" / "budget.txt").read_text(encoding="utf-8"))
        summaries = [
            json.loads((folder / "summary" / f"{name.name}.json").read_text(encoding="utf-8"))
            for name in _sellers(path, market)
        ]
        rows = [int(each["row_number"]) for each in summaries]
    except (OSError, ValueError, KeyError, TypeError, RecursionError, OverflowError) as error:
        raise Invalid(str(folder), [Problem("bad-market", "", str(error)[:500])]) from error
    if not 0 < budget < float("inf") or not all(0 <= price < float("inf") for price in prices):
        what = (
            f"a budget of {budget} and prices {min(prices, default=0)} to {max(prices, default=0)}"
        )
        raise Invalid(str(folder), [Problem("bad-market", "price", what, "finite, not negative")])
    if len(prices) != len(rows):
        what = f"{len(prices)} prices for {len(rows)} sellers"
        raise Invalid(str(folder), [Problem("bad-market", "price", what)])
    return {"rows": rows, "prices": prices, "budget": budget, "summaries": summaries}


def _sellers(path: Path, market: int) -> list[Path]:
    folder = path / "features" / str(market)
    found = [file for file in folder.glob("*.csv") if file.stem.isdecimal()]
    if not found:
        raise Unavailable(f"found no seller files of market {market} in {folder}")
    return sorted(found, key=lambda file: int(file.stem))


def _buyer(path: Path, market: int) -> Path:
    folder = path / "marketinfo" / str(market) / "data_buyer"
    found = sorted(folder.glob("*.csv"))
    if len(found) != 1:
        raise Unavailable(f"expected one CSV file of the buyer's rows in {folder}")
    return found[0]


def _numbers(path: Path) -> NDArray[Any]:
    """Return the numbers in a file: float32 if that loses no precision, else float64."""
    import pyarrow as pa
    import pyarrow.csv as arrow_csv

    with path.open("rb") as file:
        width = file.readline().count(b",") + 1
    parts = []
    try:
        # Given types need not be inferred, which halves the time.
        batches = arrow_csv.open_csv(
            path,
            arrow_csv.ReadOptions(
                autogenerate_column_names=True, use_threads=False, block_size=BLOCK
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types={f"f{place}": pa.float64() for place in range(width)},
                null_values=[],
                strings_can_be_null=False,
            ),
        )
        for batch in batches:
            values = batch.to_tensor(row_major=True).to_numpy()
            single = values.astype(np.float32)
            parts.append(single if np.array_equal(single, values) else values)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise Invalid(str(path), [Problem("bad-table", "", str(error)[:500])]) from error
    return np.concatenate(parts)


def _labels(values: NDArray[np.float64], market: int) -> NDArray[np.str_]:
    if not np.isin(values, (0.0, 1.0)).all():
        raise Invalid(f"market {market}", [Problem("bad-label", "last column", "not 0 or 1")])
    return np.where(values == 1.0, "1", "0")
