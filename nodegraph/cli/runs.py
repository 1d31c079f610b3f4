"""The verbs that run presets: `run`, `batch`, `demo`."""
