"""Safety models beside the raters: they score texts or images, or supply images.

A safety plug-in imports `media` and `errors`; other code loads them through the registry and may
import none.
"""
