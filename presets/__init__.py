"""The presets that ship with the product, each a JSON file."""
