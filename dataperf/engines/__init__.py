"""Where evaluations run: one file an engine."""
