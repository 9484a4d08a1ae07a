"""What the SDK's wheel has in the place of the folders that ``deepgram-sdk-server`` brings (``hatch_build.py``).

Python prefers a folder to a file of the same name, so these are met only where that distribution is not installed.
"""
