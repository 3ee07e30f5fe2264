"""What belongs to chapter 06 alone: its exercises and its figures."""
