"""From snapshots to verdicts; pure: no clock, no environment, no file that it was not handed."""
