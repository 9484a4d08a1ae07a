"""The handlers: what the server does when it is asked, a file per resource."""
