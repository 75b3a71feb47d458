"""The archive of answers as received, and the chain of requests over them. Knows nothing of venues."""
