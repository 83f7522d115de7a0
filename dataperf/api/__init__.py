"""What ``import dataperf`` offers: each function checks its arguments and makes the calls below it.

The commands call the same functions, so that a script and a command do the same. It may import
every room but the command line; only `cli` and the package itself may import it.
"""
