"""Who touched which patient's data, as AuditEvents (IHE Basic Audit Log Patterns, BALP 1.1)."""
