"""Who may call: connected systems, what each may do, and their credentials."""
