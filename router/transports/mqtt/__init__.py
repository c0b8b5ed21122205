"""MQTT: commands, replies, inboxes and presence over a broker, which carries and never keeps: what the router has answered is in its
own journal.
"""

from router.transports.mqtt.transport import MqttTransport

__all__ = ["MqttTransport"]
