"""The command, run against a service on the loopback interface."""
