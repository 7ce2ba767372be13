"""Stands for a benchmark: prints a number and a quarter of it."""

import sys

number = float(sys.argv[1])
sys.stdout.write(f"few: {number / 4:g}\nmany: {number:g}\nquick: {number:g}\n")
