"""Results on their way to people: exports, copies, the manifest, deliveries."""
