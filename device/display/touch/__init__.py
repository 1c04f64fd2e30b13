"""Where people touch a screen: touch panels, and the same for a mouse in a window."""
