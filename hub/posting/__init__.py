"""From envelopes to postings and answers: what becomes of each message and each line."""
