"""A centre live, over the wire: broker, daemon, agents and customers as processes of their own on loopback, and the verdict by what the
agents and customers wrote down themselves.
"""
