"""The console room: what people see of cases."""
