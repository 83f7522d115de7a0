"""Safety models: they score texts or images for safety, or supply images.

A safety plug-in imports `media` and `errors`; other code loads them through the registry; no module
may import one.
"""
