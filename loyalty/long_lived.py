"""What a program has made before it begins its work lives as long as the program does.

Python's garbage collector looks through all that is alive when it looks for circles among the old:
some hundred thousand objects of modules, a tenth of a second in which no receipt and no picture
comes.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def keeping_what_is_there() -> Iterator[None]:
    """Leave what is there out of what the collector looks through, until the block ends.

    Source: gc.freeze() in the Python library reference.
    """
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()  # libraries want to be taken down in the end
