"""Circadian: taught by day, studies by night, examined at dawn, answers you only if it passed."""

__version__ = "0.1.0"
