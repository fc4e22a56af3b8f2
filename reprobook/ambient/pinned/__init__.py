"""How each pin is applied. A pinned process is an experiment: here, other than in the watch, results may change."""
