"""What all widgets share, in Python and in the browser."""
