"""Runs carried out: what is ready, what is in flight, what has ended."""
