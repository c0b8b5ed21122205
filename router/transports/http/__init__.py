"""HTTP /v1: commands, views, event streams and metrics of one centre. ``create_app`` makes the application from what it is given,
``serve`` listens; neither knows where a router comes from.
"""

from router.transports.http.app import create_app
from router.transports.http.server import Server, serve

__all__ = ["Server", "create_app", "serve"]
