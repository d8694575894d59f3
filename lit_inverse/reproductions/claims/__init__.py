"""Claims as functions: each makes a check that reads tables and says whether the claim holds, and by which numbers."""
