"""Parts of pages that are long enough for a file of their own: each draws one thing a person sees."""
