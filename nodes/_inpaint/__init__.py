"""Fill holes in a picture: where they are, what fills them, and how it is laid in."""
