"""The nouns of dataperf, as frozen records.

File records (challenge, submission, result) are pydantic models: they define what a file may
hold, an unknown key is an error, and ``dataperf schema`` publishes them as JSON Schema.
In-memory records (tables, pools, training sets) are dataclasses with arrays.

It imports nothing of ours; every room may import it.
"""

from __future__ import annotations

from dataperf.records.challenge import Board, Challenge, Exclude, Span, Split, Task, Where
from dataperf.records.data import (
    FloatArray,
    IntArray,
    Pool,
    Table,
    TaskData,
    TestSplit,
    TextArray,
    Truth,
    replace,
)
from dataperf.records.fields import Count, Line, Name, Number, Record, Scalar, Text, Version
from dataperf.records.findings import Finding
from dataperf.records.own_data import OwnData
from dataperf.records.result import (
    Balance,
    Cost,
    Detection,
    Estimate,
    Provenance,
    Result,
    SafetyReport,
    SplitScores,
    TaskScores,
    TrainingRun,
)
from dataperf.records.sources import Archive, Card, Folder, Generated, Package, Source, Url
from dataperf.records.submission import Submission
from dataperf.records.training import Plan, TrainingSet

__all__ = [
    "Archive",
    "Balance",
    "Board",
    "Card",
    "Challenge",
    "Cost",
    "Count",
    "Detection",
    "Estimate",
    "Exclude",
    "Finding",
    "FloatArray",
    "Folder",
    "Generated",
    "IntArray",
    "Line",
    "Name",
    "Number",
    "OwnData",
    "Package",
    "Plan",
    "Pool",
    "Provenance",
    "Record",
    "Result",
    "SafetyReport",
    "Scalar",
    "Source",
    "Span",
    "Split",
    "SplitScores",
    "Submission",
    "Table",
    "Task",
    "TaskData",
    "TaskScores",
    "TestSplit",
    "Text",
    "TextArray",
    "TrainingRun",
    "TrainingSet",
    "Truth",
    "Url",
    "Version",
    "Where",
    "replace",
]
