"""What belongs to chapter 03 alone: its exercises and its figures."""
