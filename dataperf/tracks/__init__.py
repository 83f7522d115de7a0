"""How an answer is read, checked and turned into training sets: one file a track.

A track imports `statistics`, `media`, `selection_helpers`, `records` and other tracks; checks that
several tracks make are in `_checks`. Other code loads tracks through the registry, only
`strategies` may import them.
"""
