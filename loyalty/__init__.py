"""The programme as pure code: the language that devices and the hub both speak."""
