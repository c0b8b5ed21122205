"""How the world reaches the router: HTTP and MQTT, over the one protocol of ``agents.wire``. What both share stands here once:
commands to signals, effects and facts to messages, errors to problems.
"""
