"""Pages that belong to no slice: the shell, the style sheet, the welcome page, problems and reasons."""

from consentd.web.pages.routes import routes

__all__ = ["routes"]
