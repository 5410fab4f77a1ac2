"""Engines, units of work and the tables: everything that knows SQLAlchemy and both databases."""
