"""Sentences about files: why one was rejected, and notes about others. Each has a test."""

import re
from typing import Final

# An image.
EMPTY: Final = "The file is empty."
NOT_AN_IMAGE: Final = "It is not an image, or it is badly damaged."
UNSUPPORTED_FORMAT: Final = "It is {kind}, which cannot be read here: save it as JPEG or PNG."
TRUNCATED: Final = "The image is cut off: part of its data is missing."
LACKS_END: Final = "Its last bytes are missing, which hardly shows: it was accepted."  # a note, not a rejection
DAMAGED: Final = "The image is damaged and cannot be read."
TOO_MANY_PIXELS: Final = "It has more than 89 megapixels, the limit: make it smaller first."

# The decoder.
TOO_MUCH_MEMORY: Final = "Reading it takes more memory than is allowed for one image."
TOO_SLOW: Final = "Reading it took longer than {seconds:g} seconds."
CRASHED: Final = "Reading it made the image decoder crash."

# A file of an archive or a folder.
LEADS_OUT: Final = "Its path leads out of the archive."
LINK: Final = "It is a link, not a file."
NOT_A_FILE: Final = "It is a device or a pipe, not a file."
TOO_DEEP: Final = "Its path is too long or leads through too many folders."
NESTED: Final = "It is an archive among the images: add it separately."
PROTECTED: Final = "It is protected by a password."
UNKNOWN_COMPRESSION: Final = "Its compression method is not supported."
DAMAGED_IN_ARCHIVE: Final = "Its data in the archive is damaged."
TOO_LARGE: Final = "The file is larger than {megabytes:,.0f} MB, the limit for one image."
BOMB: Final = "It grows more than {ratio:g} times when unpacked, as decompression bombs do."
MAY_NOT_BE_READ: Final = "The file no longer exists or cannot be read."
SAME_FILE: Final = "The same file is already in this class as {name}."
ALREADY_THERE: Final = "The same file is already there."

# A table.
TABLE_UNREADABLE: Final = "The table cannot be read: save it as CSV in UTF-8, or as .xlsx without a password."
TABLE_TOO_LARGE: Final = "The table is too large: save its first sheet as CSV."
TOO_MANY_TABLES: Final = "Only {tables} tables are read, of {megabytes} MB together: put them together into one."
TABLE_EMPTY: Final = "The table is empty."
TABLE_WITHOUT_FILE: Final = "No column of the table names the images; its columns are {columns}."
TABLE_NAMES_NO_FILE: Final = "None of the {rows:,} names in the table's column {column} is the name of a file here."
TABLE_NAMES_SEVERAL: Final = (
    "Each of the {rows:,} names in the table's column {column} is the name of several files: write their folders, too."
)
TABLE_WITHOUT_COLUMNS: Final = "The table gives no class, split or group; its columns are {columns}."
TABLE_UNDECIDED: Final = (
    "The table names {images:,} images, but it is not clear which of its columns is the class: {columns}."
)
NAMED_BUT_NOT_THERE: Final = "The table names it, but there is no such file."
SEVERAL_FILES: Final = "The table names it, but there are several files of that name."

# Notes about tables, folders and images that were not rejected.
PLACEHOLDER_TABLE: Final = "Its classes were not used: {label} in every row is a placeholder."
PLACEHOLDER_ROWS: Final = "{rows:,} of its rows have a placeholder instead of a class ({words}): these have no class."
CLASS_LIST: Final = "Its classes were not used: with another class in every row, it is a list of classes."
NOT_NAMED: Final = "Images that it does not name have no class ({images:,})."
UNKNOWN_SPLITS: Final = "Its split column has words that name no split and were not used: {words}."
SEVERAL_CLASSES: Final = "It has no class, because tables give it several: {values}."
SEVERAL_SPLITS: Final = "Its split was not used, because tables give it several: {values}."
SEVERAL_GROUPS: Final = "Its group was not used, because tables give it several: {values}."
OTHER_FOLDER: Final = (
    "The folder is beside the split folders and names no split: images in it have no class ({images:,})."
)
MASK_FOLDER: Final = (
    "The folder is beside one of images and named as their masks are: images in it have no class ({images:,})."
)
MASKS: Final = "Images that are masks of others by their names, such as {name}, have no class ({images:,})."
INNER_FOLDERS: Final = (
    "Folders inside it were read as one class: {folders}. To make a class of each, put them side by side."
)
INNER_FOLDERS_OF_SEVERAL: Final = (
    "Folders inside it were read as one class: {folders}; likewise in {more:,} other folders. To make a class of each, "
    "put them side by side."
)

# A list in a text file.
LIST_UNCLEAR: Final = (
    "It names images ({images:,}), but it is not clear which class each of them has; its first line is “{line}”."
)
LIST_CONTRADICTS: Final = (
    "Its classes were not used, because {other} gives some of the same images other classes: keep one of them."
)
LIST_BESIDE_FOLDERS: Final = (
    "Its words were not used, because the folders give other classes; its first line is “{line}”. If it has the "
    "classes, call it labels.txt."
)
LIST_SEVERAL_VALUES: Final = "{other} gives some images several values ({images:,}): these were not used."
LIST_DIVIDES: Final = (
    "Its split was not used, because it is one of {lists} lists that divide the same images in several ways: keep "
    "those of one division."
)
LIST_NUMBERS: Final = (
    "Its classes are numbers, and no list says for certain which names they have: the classes are called by the "
    "numbers."
)
LIST_NAMES_MORE: Final = "It names other files, too, which are not here ({rows:,})."
LIST_WITHOUT_FILES: Final = (
    "Its lines are numbers, such as “{line}”, without the names of images: which image each belongs to is not certain, "
    "so it was not used."
)
OTHER_LISTS: Final = "{sentence} The same is true of {lists:,} other lists."
CLASS_ICONS: Final = (
    "Its classes were not used: with one image of each class that other tables label, these are signs for the classes."
)

# A URL.
LINK_NOT_HTTPS: Final = "It is not an address that begins with https://."
LINK_PRIVATE: Final = "Its address leads into a private network, from which nothing is downloaded."
LINK_UNKNOWN: Final = "The server {host} was not found: its name is wrong, or there is no network."
LINK_ANSWER: Final = "The server answered with status {status} instead of the image."
LINK_REDIRECTS: Final = "The server redirected more than {times} times."
LINK_CERTIFICATE: Final = "The server's certificate is not valid, so it may be another server."
LINK_BROKE: Final = "The connection to the server failed or broke off."
LINK_SLOW: Final = "Downloading it took longer than {seconds:g} seconds."
LINK_TWICE: Final = "The same address is in the list twice."
LINKS_TOO_LARGE: Final = "The images of the list have more than {gigabytes:g} GB together: divide the list."


def _pattern(*templates: str) -> re.Pattern[str]:
    """Give the pattern of the sentences that these templates make."""
    patterns = (re.sub(r"\\{.*?\\}", ".*", re.escape(template)) for template in templates)
    return re.compile("|".join(patterns), re.DOTALL)


_MISSING_CLASS: Final = _pattern(
    TABLE_WITHOUT_FILE,
    TABLE_NAMES_NO_FILE,
    TABLE_NAMES_SEVERAL,
    TABLE_WITHOUT_COLUMNS,
    TABLE_UNDECIDED,
    PLACEHOLDER_TABLE,
    PLACEHOLDER_ROWS,
    CLASS_LIST,
    LIST_UNCLEAR,
    LIST_CONTRADICTS,
    LIST_WITHOUT_FILES,
    LIST_SEVERAL_VALUES,
    OTHER_LISTS,
    CLASS_ICONS,
    NOT_NAMED,
    SEVERAL_CLASSES,
    OTHER_FOLDER,
    MASK_FOLDER,
    MASKS,
)
_UNUSED_LIST: Final = _pattern(
    LIST_UNCLEAR,
    LIST_CONTRADICTS,
    LIST_DIVIDES,
    LIST_NUMBERS,
    LIST_WITHOUT_FILES,
    LIST_BESIDE_FOLDERS,
    LIST_SEVERAL_VALUES,
    OTHER_LISTS,
)


def explains_missing_class(sentence: str) -> bool:
    """Whether a sentence of this module is a reason why images have no class."""
    return _MISSING_CLASS.fullmatch(sentence) is not None


def concerns_unused_list(sentence: str) -> bool:
    """Whether a sentence of this module says that a list in a text file was not used, or only in part."""
    return _UNUSED_LIST.fullmatch(sentence) is not None
