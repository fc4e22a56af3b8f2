"""Sweeps: many recipes from one space, each trial a run of the store."""
