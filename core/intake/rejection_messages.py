"""The sentences that say why a file was left out. Each is for a person, and each has a test."""

from typing import Final

# The picture.
EMPTY: Final = "The file is empty."
NOT_AN_IMAGE: Final = "It is not an image, or it is too broken to tell."
UNSUPPORTED_FORMAT: Final = "It is {kind}, which cannot be read here: save it as JPEG or PNG."
TRUNCATED: Final = "The image is cut off: part of its data is missing."
LACKS_END: Final = "Its last bytes are missing, which hardly shows: it was accepted."  # a note, not a rejection
DAMAGED: Final = "The image is damaged and cannot be read."
TOO_MANY_PIXELS: Final = "It has more than 89 megapixels, the most that can be taken: make it smaller first."

# Its decoder.
TOO_MUCH_MEMORY: Final = "Reading it takes more memory than one image may."
TOO_SLOW: Final = "Reading it took longer than {seconds:g} seconds."
CRASHED: Final = "Reading it made the image decoder crash."

# The file, in an archive or a folder.
LEADS_OUT: Final = "Its path leads out of the archive."
LINK: Final = "It is a link, not a file."
NOT_A_FILE: Final = "It is a device or a pipe, not a file."
TOO_DEEP: Final = "Its path is too long or leads through too many folders."
NESTED: Final = "It is an archive among the images: add it by itself."
PROTECTED: Final = "It is protected by a password."
UNKNOWN_COMPRESSION: Final = "It is compressed in a way that cannot be unpacked here."
DAMAGED_IN_ARCHIVE: Final = "Its data in the archive is damaged."
TOO_LARGE: Final = "The file is larger than {megabytes:,.0f} MB, the most that one image may have."
BOMB: Final = "It grows more than {ratio:g} times when unpacked, as decompression bombs do."
MAY_NOT_BE_READ: Final = "The file is gone or may not be read."
SAME_FILE: Final = "The same file is already in this class as {name}."
ALREADY_THERE: Final = "The same file is already there."

# The table beside the images.
TABLE_UNREADABLE: Final = "The table cannot be read: save it as CSV in UTF-8, or as .xlsx without a password."
TABLE_TOO_LARGE: Final = "The table is larger than a table of images can be: save its first sheet as CSV."
TABLE_WITHOUT_COLUMNS: Final = "The table has no column named file and none named label."
NAMED_BUT_NOT_THERE: Final = "The table names it, but there is no such file."

# The address in the web.
LINK_NOT_HTTPS: Final = "It is no address that begins with https://."
LINK_PRIVATE: Final = "Its address leads into a private network, from which nothing is fetched."
LINK_UNKNOWN: Final = "The server {host} was not found: its name is wrong, or there is no network."
LINK_ANSWER: Final = "The server answered with status {status} instead of the image."
LINK_REDIRECTS: Final = "The server sent on to other addresses more than {times} times."
LINK_CERTIFICATE: Final = "The server's certificate is not valid, so it may be another server."
LINK_BROKE: Final = "The connection to the server could not be made, or broke off."
LINK_SLOW: Final = "Fetching it took longer than {seconds:g} seconds."
LINK_TWICE: Final = "The same address stands in the list before."
LINKS_TOO_LARGE: Final = "The images of the list have more than {gigabytes:g} GB together: divide it."
