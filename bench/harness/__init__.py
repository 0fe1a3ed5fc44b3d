"""The parts of bench/run; `main` puts them together."""
