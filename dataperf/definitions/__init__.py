"""DOC dataperf/definitions."""
