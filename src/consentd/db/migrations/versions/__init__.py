"""One file per migration. Released ones never change and never import the live tables."""
