"""Virtual time lives here: the shipped engine driven by synthetic or recorded traffic, and the queueing
theory its answers are held against. What must not live here: routing decisions (router.core makes them), real
clocks, sockets and files of the daemon.
"""
