"""Dawn: questions are put to a model, answers are scored, and nothing here decides anything (the gate does)."""
