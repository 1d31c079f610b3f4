"""Questions to a project's records, answered without changing anything."""
