"""Where the trials of a sweep run, behind one port."""
