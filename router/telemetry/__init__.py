"""What is known about a centre while it runs lives here: figures from facts, and later logs and metrics.
Nothing here decides anything.
"""
