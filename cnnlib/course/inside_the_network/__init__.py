"""The room of notebook 10, Inside the network."""
