"""DOC dataperf/valuation."""
