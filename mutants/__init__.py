"""Mutation testing: every mutant that can be chosen at run time is compiled into one program."""
