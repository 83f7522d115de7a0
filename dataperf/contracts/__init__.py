"""What a plug-in of each kind must offer, and what it may offer: one Protocol per folder.

A plug-in is a module. Its file's name is its name, the first line of its docstring is its
description, and the functions of its protocol are all it needs. A protocol whose name ends in
``Extras`` lists functions that a plug-in may add; each is optional. `TrackOwnData` and `TrackUses`
are such lists for tracks. ``dataperf check-plugins`` checks every plug-in against its contract.

This folder may import errors, basics and records.
"""

from __future__ import annotations

from dataperf.contracts.answers import Strategy, Track
from dataperf.contracts.data import Dataset, DatasetExtras, Safety, SafetyExtras
from dataperf.contracts.models import (
    CountMetric,
    FixedModel,
    FixedModelExtras,
    Metric,
    MetricExtras,
    RowMetric,
)
from dataperf.contracts.running import Engine, Store
from dataperf.contracts.track_extras import TrackExtras
from dataperf.contracts.track_uses import TrackOwnData, TrackUses

__all__ = [
    "CountMetric",
    "Dataset",
    "DatasetExtras",
    "Engine",
    "FixedModel",
    "FixedModelExtras",
    "Metric",
    "MetricExtras",
    "RowMetric",
    "Safety",
    "SafetyExtras",
    "Store",
    "Strategy",
    "Track",
    "TrackExtras",
    "TrackOwnData",
    "TrackUses",
]
