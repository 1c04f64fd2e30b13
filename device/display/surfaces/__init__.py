"""What pictures appear on: framebuffers, SDL windows, small panels, paper, memory."""
