"""``python -m dataperf``: the same as the command."""

from dataperf.cli.app import main

if __name__ == "__main__":
    main()
