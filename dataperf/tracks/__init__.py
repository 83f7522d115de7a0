"""How an answer is read, checked and turned into training sets: one file a track.

A track imports `statistics`, `media`, `selection_helpers`, `records` and other tracks. Checks that
several tracks share are in `_checks`. Only `strategies` may import tracks; other code loads them
through the registry.
"""
