"""The panels of a notebook: form, progress, table and figures of a sweep, and a single run."""
