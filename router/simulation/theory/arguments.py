"""What every formula demands of its arguments, with errors written for the caller, lives here. No formula
does.
"""

import math


class OverloadError(ValueError):
    """The load is at or above capacity, so waits grow without bound and there is no stationary state to
    describe.
    """


def a_count(name: str, value: object, least: int) -> int:
    """Return `value` if it is a whole number of at least `least`; raise ValueError naming `name` otherwise."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError(f"{name}: found {value!r}, expected a whole number of at least {least}")
    return value


def a_rate(name: str, value: object) -> float:
    """Return `value` as a float if it is finite and above 0; raise ValueError naming `name` otherwise."""
    number = _number(name, value)
    if not number > 0.0:
        raise ValueError(f"{name}: found {value!r}, expected a finite number above 0")
    return number


def a_load(name: str, value: object) -> float:
    """Return `value` as a float if it is finite and not negative; raise ValueError naming `name` otherwise."""
    number = _number(name, value)
    if number < 0.0:
        raise ValueError(f"{name}: found {value!r}, expected a finite number of at least 0")
    return number


def a_share(name: str, value: object) -> float:
    """Return `value` as a float if 0 < value < 1; raise ValueError naming `name` otherwise."""
    number = _number(name, value)
    if not 0.0 < number < 1.0:
        raise ValueError(f"{name}: found {value!r}, expected a share strictly between 0 and 1")
    return number


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"{name}: found {value!r}, expected a number")
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{name}: found {value!r}, expected a finite number")
    return number
