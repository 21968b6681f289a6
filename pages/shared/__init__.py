"""What all pages share: the frame around them, the state of a tab, the open workspace, words, uploads, results."""
