"""The one port: REST, websockets, health, metrics and the page."""
