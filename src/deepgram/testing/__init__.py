"""Help for the tests of programs, and of transports."""
