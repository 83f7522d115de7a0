"""How an answer is read, checked and turned into training sets: one file a track.

A track imports `statistics`, `media`, `records` and other tracks; other code loads tracks through
the registry, only `strategies` may import them.
"""
