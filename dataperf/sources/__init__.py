"""DOC dataperf/sources."""
