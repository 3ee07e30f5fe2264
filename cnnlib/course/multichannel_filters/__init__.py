"""What belongs to chapter 04 alone: its exercises and its figures."""
