"""Rules of filtered lists."""
