"""Live sessions: what was executed, in which order, and how that explains a difference from a clean run."""
