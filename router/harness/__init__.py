"""What composes the engine, configuration and figures into answers lives here: scenarios from files,
replications, reports.
"""
