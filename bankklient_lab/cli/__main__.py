"""`python -m bankklient_lab.cli`."""

from bankklient_lab.cli import main

if __name__ == "__main__":
    main()
