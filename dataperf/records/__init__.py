"""The nouns, as frozen records.

File records (challenge, submission, result) are pydantic models: what a file may say is
what the model says, unknown keys are errors, and ``dataperf schema`` publishes them as
JSON Schema. In-memory records (tables, training sets) are plain dataclasses around arrays.

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
from dataperf.records.result import (
    Balance,
    Cost,
    Detection,
    Estimate,
    OwnData,
    Provenance,
    Result,
    SafetyReport,
    SplitScores,
    TaskScores,
    TrainingRun,
)
from dataperf.records.sources import Archive, Card, Folder, Generated, Package, Source, Url
from dataperf.records.submission import Submission
from dataperf.records.training import Plan, Suspects, TrainingSet

__all__ = [
    "Archive",
    "Balance",
    "SafetyReport",
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
    "Scalar",
    "Source",
    "Span",
    "Split",
    "SplitScores",
    "Submission",
    "Suspects",
    "Table",
    "Task",
    "TaskData",
    "TaskScores",
    "TestSplit",
    "Text",
    "TextArray",
    "TrainingSet",
    "TrainingRun",
    "Truth",
    "Url",
    "Version",
    "Where",
    "replace",
]
