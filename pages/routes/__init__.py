"""HTTP routes beside the pages: thumbnails, downloads, the phone."""
