"""What belongs to chapter 09 alone: its exercises and its figures."""
