"""The built-in node types, one to a file; an underscore in front marks shared code."""
