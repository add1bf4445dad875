"""The exception register: files that may be below their floor until a review date."""
