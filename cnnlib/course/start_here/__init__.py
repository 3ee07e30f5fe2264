"""Notebook 00, Start here: its exercises and figures."""
