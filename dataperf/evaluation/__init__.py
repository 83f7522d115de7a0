"""DOC dataperf/evaluation."""
