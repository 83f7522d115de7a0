"""The nouns that a detector of your own imports."""

from __future__ import annotations

from dataperf.records.findings import Detector, Evidence, Finding, Neighbours, Severity
from dataperf.records.rows import Rows

__all__ = ["Detector", "Evidence", "Finding", "Neighbours", "Rows", "Severity"]
