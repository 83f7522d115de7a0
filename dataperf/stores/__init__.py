"""Where results are kept: one file a store.

A store imports `basics` and `errors`; other code loads stores through the registry and may import
none.
"""
