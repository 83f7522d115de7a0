"""DOC dataperf/reading."""
