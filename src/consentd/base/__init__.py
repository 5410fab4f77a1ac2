"""Settings, clock and languages: what every room above the kernel stands on."""
