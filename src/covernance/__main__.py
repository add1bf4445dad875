"""`python -m covernance`."""

from covernance.cli import main

if __name__ == "__main__":
    main()
