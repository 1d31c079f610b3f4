"""Pictures as files: decoded, encoded and kept, each under the hash of its bytes."""
