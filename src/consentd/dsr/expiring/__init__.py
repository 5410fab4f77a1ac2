"""What silos' own tables have kept long enough: told, begun, carried out, and told again."""
