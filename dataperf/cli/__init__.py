"""The command line: parse the words, make one library call, print what it returns.

It imports everything below; only `__main__` may import it.
"""
