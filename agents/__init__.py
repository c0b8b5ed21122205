"""The people's side of the router: who agents are, what they can do, and whether they are there.

This half is pure and never imports ``router``. The client for agents' desktops and bots will live here too.
"""
