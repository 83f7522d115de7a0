"""DOC dataperf/basics."""
