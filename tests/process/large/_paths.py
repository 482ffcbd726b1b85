"""Finds the harness, which lies beside this folder (import for effect)."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "programs"))
