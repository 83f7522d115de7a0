"""DOC dataperf/boards."""
