"""Bugs as patches, each of which the history checker has to find."""
