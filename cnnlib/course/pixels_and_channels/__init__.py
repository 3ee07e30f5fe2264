"""What belongs to chapter 01 alone: its exercises and its figures."""
