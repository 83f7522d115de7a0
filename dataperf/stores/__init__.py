"""Where results are kept: one file a store."""
