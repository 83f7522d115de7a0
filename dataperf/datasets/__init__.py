"""Sources of real data, each with its digest, licence and card: one file a dataset."""
