"""What detectors share: models out of fold, neighbours, clusters, calibration, agreement.

It imports `reading`, `statistics`, `basics` and `records`; `detectors`, `strategies` and `curation` may import it.
"""
