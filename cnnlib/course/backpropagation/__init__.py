"""What belongs to chapter 07 alone: its exercises and its figures."""
