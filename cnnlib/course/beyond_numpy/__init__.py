"""The room of notebook 12: what lies beyond NumPy, and what it costs to go there."""
