"""The engine: standard library only, without a clock, a loop, I/O or logging. ``engine`` is its door."""
