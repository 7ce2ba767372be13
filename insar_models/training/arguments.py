"""Words of a command line that several programs of training machines understand alike."""


def at_least_one(text: str) -> int:
    """Return a number of steps; argparse turns the error into its own message.

    Raises
    ------
    ValueError
        If it is no whole number, or below 1.
    """
    number = int(text)
    if number < 1:
        raise ValueError
    return number


at_least_one.__name__ = "whole number of at least 1"  # argparse puts it into its message
