"""Open images, sounds and sentences, and embed them as vectors.

It imports `sources`, `basics` and `records`; `tracks`, `safety`, `reading` and `curation` may import it.
"""
