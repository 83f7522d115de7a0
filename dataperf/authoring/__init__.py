"""DOC dataperf/authoring."""
