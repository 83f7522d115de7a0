"""Where data comes from: packages, downloads and archives, and the tables cached from them.

It imports the registry, `basics` and `records`; `datasets`, `definitions` and everything above may import it.
"""
