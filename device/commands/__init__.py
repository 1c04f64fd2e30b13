"""The terminals' commands: what a technician or a designer types, one module for each."""
