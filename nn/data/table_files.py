"""Files of tables, read by pandas: how their cells are packed, written and separated is found out here."""

from __future__ import annotations

import re
import sys
from collections import Counter
from importlib import import_module
from io import BytesIO, StringIO
from os import PathLike
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from autograd.notation.hints import short_repr
from autograd.notation.numbers import counted
from nn.checks import import_extra

DELIMITERS = ",;\t|"
SAMPLE = 50
"""The delimiter is found from this many lines."""
FEWEST_OF_A_TABLE = 4
"""Lines count as standing above or below a table only if more lines than this have as many cells."""
ALWAYS_MISSING = frozenset(
    ["", "?", "-", ".", "na", "n/a", "<na>", "#na", "#n/a", "#div/0!", "#value!", "nan", "null"]
)
"""What files write in a cell that is missing, in upper or lower case."""
QUOTED = "\ue000"
"""Stands before a cell that would be missing but for its quotes."""

PACKED = {b"\x1f\x8b": "gzip", b"BZh": "bz2", b"\xfd7zXZ\0": "lzma"}
"""The module that unpacks a file with these first bytes; some builds of Python lack one or the other."""
ZIPPED = b"PK\x03\x04"
ENCODINGS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


def read_table(path: str | PathLike[str]) -> tuple[Any, list[str]]:
    """Return the table in a file as a pandas frame, and what is to be said of how it was read.

    Args:
        path: text with a header line, plain or packed (gz, bz2, xz, zip), or parquet; ``-`` is standard
            input.

    Raises:
        FileNotFoundError, IsADirectoryError, OSError: if there is no such file, or it cannot be read.
        ValueError: if it is not such a table.
        ImportError: if pandas, or what it reads parquet with, is not installed.
    """
    pandas = import_extra("pandas", "a table", "data")
    content = _content(path)
    if content.startswith(b"PAR1"):
        try:
            return pandas.read_parquet(BytesIO(content)), []
        except ImportError:  # of several lines
            raise ImportError("a parquet table needs a package that reads it: pip install pyarrow") from None
    text, said = _decoded(_unpacked(content))
    frame, more = _parsed(pandas, text)
    return frame, said + more


def _content(path: str | PathLike[str]) -> bytes:
    if str(path) == "-":
        return sys.stdin.buffer.read()
    if Path(path).is_dir():
        raise IsADirectoryError(f"{path} is a folder, not a table")
    if not Path(path).exists():
        raise FileNotFoundError(f"there is no file {path}")
    return Path(path).read_bytes()


def _unpacked(content: bytes) -> bytes:
    module = next((name for beginning, name in PACKED.items() if content.startswith(beginning)), None)
    try:
        if content.startswith(ZIPPED):
            return _unzip(content)
        return content if module is None else import_module(module).decompress(content)
    except Exception as error:  # each module has errors of its own for damaged files
        raise ValueError(f"it cannot be unpacked: {error}") from None


def _unzip(content: bytes) -> bytes:
    with ZipFile(BytesIO(content)) as packed:
        names = [name for name in packed.namelist() if not name.endswith("/")]
        if "[Content_Types].xml" in names:
            raise ValueError("an office document, such as a workbook; save its table as a CSV file")
        if len(names) != 1:
            raise ValueError(f"it holds {len(names)} files ({', '.join(names[:4])}); one table is wanted")
        return packed.read(names[0])


def _decoded(content: bytes) -> tuple[str, list[str]]:
    told = next((name for mark, name in ENCODINGS.items() if content.startswith(mark)), "utf-8")
    said = []
    try:
        text = content.decode(told)
    except UnicodeDecodeError as error:
        said = [f"not UTF-8 (byte {error.object[error.start]:#04x} at offset {error.start}): read as Latin-1"]
        text = content.decode("latin-1")
    if "\0" in text:
        raise ValueError("not a text file: it holds zero bytes")
    return text if "\n" in text else text.replace("\r", "\n"), said


def _parsed(pandas: Any, text: str) -> tuple[Any, list[str]]:
    """Return the frame of a text, its cells as text, and what is to be said."""
    delimiter, text = _without_preamble(text)
    if not text.strip():
        raise ValueError("the file is empty")
    lines, said = _lines(text), []
    first, end = (0, len(lines)) if delimiter else _rows_of_a_table(lines)
    above, below = "".join(lines[:first]), "".join(lines[end:])
    for words, where in ((above, "above the header"), (below, "below the last row")):
        if words.strip():
            told = short_repr(words.strip().split("\n")[0].strip())
            said.append(f"{counted(len(words.splitlines()), 'line')} {where} left out: {told}")
    lines = ["\n"] * above.count("\n") + lines[first:end]  # the numbers of the lines stay
    text = "".join(lines)
    delimiter = delimiter or _delimiter_of(text)
    how = {"sep": delimiter, "dtype": str, "keep_default_na": False, "skipinitialspace": True}
    empty = delimiter + " \t\r\n"  # a line of delimiters alone is no row; it stays for the lines' numbers
    marked = _mark_quoted("".join(line if line.strip(empty) else "\n" for line in lines), delimiter)
    try:
        header = pandas.read_csv(StringIO(marked), nrows=1, header=None, index_col=False, **how).iloc[0]
        names = [str(name).removeprefix(QUOTED).strip() for name in header]
        _check_header(names)
        rest = {"names": range(len(names)), "header": 0, **how}
        frame = pandas.read_csv(StringIO(marked), **rest)
        shifted = not isinstance(frame.index, pandas.RangeIndex)
        if isinstance(frame.index, pandas.MultiIndex):
            width = frame.index.nlevels + len(names)
            raise ValueError(f"the header line has {len(names)} cells, and the rows have {width}")
        if shifted and _is_empty(frame.iloc[:, -1]):  # each row ends with a delimiter too many
            frame, shifted = pandas.read_csv(StringIO(marked), index_col=False, **rest), False
    except (pandas.errors.ParserError, pandas.errors.EmptyDataError) as error:
        problem = str(error).strip().removeprefix("Error tokenizing data. C error: ")
        problem = problem.replace(
            "EOF inside string starting at", "a quote is never closed that is opened in"
        )
        found = re.fullmatch(r"Expected (\d+) fields in (line \d+), saw (\d+)\s*", problem)
        if found:
            problem = (
                f"{found[2]} has {found[3]} cells where {found[1]} are expected; if words stand above the "
                "header line, leave them out"
            )
        raise ValueError(problem) from None
    if shifted:  # R's write.table gives the names of the rows no name
        frame, names = frame.reset_index(), ["", *names]
    unnamed = names.index("") if "" in names else -1  # such a column holds the names of the rows
    frame.columns = [name or ("" if i == unnamed else f"column {i + 1}") for i, name in enumerate(names)]
    kept = [bool(name) or i == 0 or not _is_empty(frame.iloc[:, i]) for i, name in enumerate(names)]
    frame = frame.loc[:, kept]
    if delimiter == ";":
        frame.attrs["way"] = "decimal commas"  # what 1,234 is most likely where commas do not separate
        said += _without_points(frame)
    return frame, said if delimiter == "," else [f"its cells are separated by {_named(delimiter)}", *said]


def _without_points(frame: Any) -> list[str]:
    """Turn ``1.234`` into 1234 in a frame with decimal commas elsewhere; return what is to be said."""
    texts = [frame.iloc[:, i].dropna().str.strip() for i in range(frame.shape[1])]
    comma = any(len(column) and column.str.fullmatch(r"[+-]?[\d.]*,\d+").any() for column in texts)
    turned = []
    for i, column in enumerate(texts if comma else []):
        grouped = column.str.fullmatch(r"[+-]?\d{1,3}(?:\.\d{3})+")
        if grouped.any() and column[~grouped].str.fullmatch(r"[+-]?\d{1,3}|").all():
            frame.isetitem(i, frame.iloc[:, i].str.replace(".", "", regex=False))
            turned.append(str(frame.columns[i]))
    return [f"{', '.join(turned)}: read as thousands, since commas stand for points here"] if turned else []


def _rows_of_a_table(lines: list[str]) -> tuple[int, int]:
    """Return where the header stands and where the rows end, if what is outside has little of a table."""
    ends = lines if len(lines) < 4 * SAMPLE else lines[: 2 * SAMPLE] + lines[-2 * SAMPLE :]
    bare = [_bare(line) for line in ends if line.strip()]
    found = ({line.count(mark) for line in bare} for mark in DELIMITERS)
    if any(len(counts) == 1 and 0 not in counts for counts in found):  # all are lines of one table
        return 0, len(lines)
    for mark in DELIMITERS:
        usual = Counter(line.count(mark) for line in bare).most_common(1)[0][0] if bare else 0
        rows = [i for i, line in enumerate(ends) if _bare(line).count(mark) == usual > 0]
        if len(rows) <= FEWEST_OF_A_TABLE:
            continue
        first, end = rows[0], rows[-1] + 1
        header = _bare(ends[first - 1]).rstrip() if first else ""
        if header.endswith(mark) and header.count(mark) == usual + 1:
            first -= 1  # a header with a delimiter too many
        outside = [_bare(line) for line in ends[:first] + ends[end:] if line.strip()]
        if (
            outside
            and len(rows) + (first < rows[0]) + len(outside) == len(bare)  # all lines within are alike
            and all(2 * line.count(mark) <= usual for line in outside)
            and not (first and any(_is_number(cell.strip()) for cell in ends[first].split(mark)))
        ):
            return first, len(lines) - (len(ends) - end)
    return 0, len(lines)


def _bare(text: str) -> str:
    """Return a text with nothing between its quotes."""
    return re.sub(r'"(?:[^"]|"")*"', '""', text) if '"' in text else text


def _named(delimiter: str) -> str:
    return {";": "semicolons", "\t": "tabs", "|": "upright strokes", r"\s+": "blanks"}.get(
        delimiter, short_repr(delimiter)
    )


def _is_empty(column: Any) -> bool:
    return all(not isinstance(cell, str) or not cell.strip() for cell in column)


def _without_preamble(text: str) -> tuple[str | None, str]:
    """Return the delimiter that a first line such as ``sep=;`` names, and the text after comment lines."""
    told = None
    before = 0
    while found := re.compile(r"\s*(#.*|sep=(.).*)(\n|$)", re.IGNORECASE).match(text, before):
        told, before = found[2] or told, found.end()
    return told, "\n" * text.count("\n", 0, before) + text[before:]


def _lines(text: str) -> list[str]:
    """Return the lines of a text, line ends kept; those between quotes end none."""
    lines, begun = [], ""
    for line in StringIO(text, newline="\n"):
        begun += line
        if begun.count('"') % 2 == 0:
            lines.append(begun)
            begun = ""
    return [*lines, begun] if begun else lines


def _delimiter_of(text: str) -> str:
    """Return the delimiter that stands outside quotes in every line, equally often if there is such a one."""
    lines = [line for line in _bare(text[: 1 << 16]).split("\n") if line.strip()][:SAMPLE]
    counts: dict[str, list[int]] = {mark: [line.count(mark) for line in lines] for mark in DELIMITERS}
    in_all = {mark: found for mark, found in counts.items() if lines and all(found)}

    def regular(mark: str) -> tuple[float, int]:
        commonest, times = Counter(in_all[mark]).most_common(1)[0]
        return times / len(lines), commonest

    if in_all:
        return max(in_all, key=regular)
    words = Counter(len(line.split()) for line in lines[1:] or lines).most_common(1)
    if any(found[0] for found in counts.values()) or not words or words[0][0] < 2:
        return max(DELIMITERS, key=lambda mark: counts[mark][:1])
    return r"\s+"


def _mark_quoted(text: str, delimiter: str) -> str:
    """Return the text with `QUOTED` in cells such as ``"NA"``: quotes say that this is a text."""
    if '"' not in text:
        return text
    between = r"[ \t]+" if delimiter == r"\s+" else re.escape(delimiter)
    words = "|".join(re.escape(word) for word in ALWAYS_MISSING if word)
    pattern = rf'(^|{between})"({words}|none)"(?={between}|\r?$)'
    return re.sub(pattern, rf'\1"{QUOTED}\2"', text, flags=re.IGNORECASE | re.MULTILINE)


def _is_number(text: str) -> bool:
    try:
        return bool(text) and float(text) is not None
    except ValueError:
        return False


def _check_header(names: list[str]) -> None:
    if all(_is_number(name) for name in names):
        raise ValueError("the first line holds numbers; a header line with the columns' names is wanted")
