"""What holds for every test: a slow machine is no failure."""

from hypothesis import settings

# How long an example takes says more about the machine than about the code.
settings.register_profile("revisit", deadline=None)
settings.load_profile("revisit")
