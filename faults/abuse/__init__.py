"""Clients that take much and give little, and the good ones who must not notice."""
