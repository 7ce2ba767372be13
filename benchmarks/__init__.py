"""Measurements that anyone can repeat; each is run by itself and prints what it finds."""
