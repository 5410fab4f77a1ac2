"""Stop links: whoever has the one of a message can stop such messages, and nothing else (docs/links.md)."""
