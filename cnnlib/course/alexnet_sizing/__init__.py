"""What belongs to chapter 08 alone: its exercises and its figures."""
