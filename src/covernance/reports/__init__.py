"""Code shared by reports: the state of all suites, Markdown, charts, badges."""
