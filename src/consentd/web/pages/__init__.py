"""Pages that belong to no slice: the shell, the style sheet and the welcome page."""

from consentd.web.pages.routes import routes

__all__ = ["routes"]
