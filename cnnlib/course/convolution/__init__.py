"""What belongs to chapter 02 alone: its exercises and its figures."""
