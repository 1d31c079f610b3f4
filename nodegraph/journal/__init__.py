"""Everything recorded lies here: the journal, and TinyDB's tables over it."""
