"""MQTT with a real mosquitto: the connection, the transport, presence, and what breaks."""
