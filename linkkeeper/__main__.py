"""`python -m linkkeeper` is the same as the console script."""

from linkkeeper.cli.starting import main

if __name__ == "__main__":
    main()
