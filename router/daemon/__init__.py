"""The router as a service: puts engine, journal and transports together, starts them in order, and ends them in order."""
