"""Everything that exists only for speed. Nothing here changes what is computed."""
