"""Faces: where they are, who they look like, and giving one the face of another."""
