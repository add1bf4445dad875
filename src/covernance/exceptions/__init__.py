"""The register of files that may miss their floor until a date."""
