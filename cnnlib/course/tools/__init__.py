"""What keeps the notebooks sound, and the reader's own copy of them up to date."""
