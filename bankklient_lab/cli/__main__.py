"""`python -m bankklient_lab.cli`."""

from bankklient_lab.cli import main

main()
