"""What several reports share: state of all suites, Markdown, charts, badges."""
