"""`python -m guildhall` is the command `guildhall`."""

from guildhall.cli.main import main

if __name__ == "__main__":
    main()
