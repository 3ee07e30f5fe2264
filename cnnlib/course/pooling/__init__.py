"""What belongs to chapter 05 alone: its exercises and its figures."""
