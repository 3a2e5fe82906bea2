"""What is generated from the API: its OpenAPI document, and later types and a client for TypeScript."""
