"""Postings that a core banking system has to book too: instructed, acknowledged, chased."""
