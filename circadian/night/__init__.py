"""The night: what was said becomes facts, facts become lessons, lessons become a candidate."""
