"""What commands share: options, tables, the terminal."""
