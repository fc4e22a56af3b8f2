"""``python -m reprobook`` is ``reprobook``."""

from reprobook.cli import main

main()
