"""How the benchmark fails: with a sentence for a person."""


class BenchError(Exception):
    """What went wrong and, where there is something, what to do."""
