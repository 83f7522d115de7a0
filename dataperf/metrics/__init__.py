"""One number from truth and predictions: one file a metric."""
