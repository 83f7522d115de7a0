"""Images, sounds and sentences: opening them, and turning them into numbers.

It imports `sources`, `basics` and `records`; `tracks`, `safety`, `reading` and `curation` may import it.
"""
