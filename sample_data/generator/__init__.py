"""Makes the sample data: one module for each venue, and the world they share."""
