"""`python -m crisiskit` is the command line, also where no script folder is on the path."""

from crisiskit.cli import main

main()
