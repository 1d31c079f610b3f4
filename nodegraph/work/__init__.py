"""What a worker process does: recipes carried out, results kept."""
