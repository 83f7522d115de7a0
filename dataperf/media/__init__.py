"""DOC dataperf/media."""
