"""Presets: a graph as JSON, read strictly, checked and written."""
