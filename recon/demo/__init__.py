"""Stand-in venues that serve the sample data over HTTP on loopback: a second opinion of what the books say.

Standard library only, and nothing of the rest of recon, so that a mistake made there cannot be repeated here.
"""
