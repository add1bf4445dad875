"""From snapshots to text and pictures."""
