"""Conversations to start from, before there is a journal: from templates, the local model, or Gemini.

Never reads the journal: what is made here is made up, and nothing of the user goes into it or anywhere else.
"""
