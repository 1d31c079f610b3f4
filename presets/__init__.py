"""Presets that ship: graphs with settings, as JSON."""
