"""The HTTP door of authorization."""
