"""DOC dataperf/evidence."""
