"""Evidence that detectors share: out-of-fold models, neighbours, clusters, calibration, agreement.

It imports `reading`, `statistics`, `basics` and `records`; `detectors`, `strategies` and `curation` may import it.
"""
