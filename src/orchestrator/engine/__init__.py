"""How a plan is worked through: use cases over ports. No concrete store, agent or server is named here."""
