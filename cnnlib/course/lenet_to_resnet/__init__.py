"""What belongs to chapter 11 alone: its exercises, networks, experiments and figures."""
