"""Delivery over HTTP: REST, WebSocket and SSE. It sees ports and values, never adapters."""
