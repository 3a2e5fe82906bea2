"""Agents that speak the Agent Client Protocol (agentclientprotocol.com): any command, some by name."""
