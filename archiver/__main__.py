"""`python -m archiver` is the command line."""

from archiver.cli import main

if __name__ == "__main__":  # worker processes import this file too
    main()
