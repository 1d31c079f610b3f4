"""A project kept sound: checked, swept, mended, and the machine beneath it."""
