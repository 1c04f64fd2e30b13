"""The hub's commands: what a person types, one module for each."""
