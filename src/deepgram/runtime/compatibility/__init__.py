"""Machinery under the names of the official package, for programs that import it: ``deepgram.core``.

Nothing of ours uses these modules; they are loaded by those imports alone. What they do was learnt from how the
official releases behave, and is compared with them in ``tests/conformance/test_machinery.py``.
"""
