"""Where detectors written for earlier versions import `Finding` from; it is `dataperf.records`."""

from dataperf.records.findings import Finding as Finding
