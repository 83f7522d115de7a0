"""DOC dataperf/own_data."""
