"""The road to the hub: what is in flight, what is settled, and the MQTT client."""
