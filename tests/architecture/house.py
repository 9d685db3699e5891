# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of the house as functions over a source tree: each returns its complaints, none means all is well.

The arrows between rooms come from the table in src/ARCHITECTURE.md, so that the page and the code can't part.
"""
import json
import re
import shutil
import subprocess
from pathlib import Path

SOURCES = {".cpp", ".h"}
LICENCE = "// SPDX-License-Identifier: GPL-3.0-or-later"
MOST_FILE_LINES = 500
MOST_FUNCTION_LINES = 60

# Headers that only one room may include, however they are spelled.
RESERVED = [
    ("engine", "llama.cpp", re.compile(r"(^|/)(llama|llama-cpp|gguf|ggml[\w-]*)\.h$")),
    ("store", "QtSql", re.compile(r"^(QtSql\b|QSql)")),
    ("http", "QtHttpServer", re.compile(r"^(QtHttpServer\b|Q(Abstract)?HttpServer)")),
    ("http", "QtWebSockets", re.compile(r"^(QtWebSockets\b|QWebSocket|QMaskGenerator)")),
]
# The heart knows no wire format, no socket and no vendor.
FOREIGN_TO_CHAT = re.compile(r"QJson|QtNetwork|QNetwork|QTcp|QSsl|simdjson|openai|ollama|llama", re.I)

BLOCKING = re.compile(
    r"\bBlockingQueuedConnection\b|\bprocessEvents\b|\bQEventLoop\b|\bwaitFor[A-Z]\w*|\b(?:m|u|nano)?sleep(?:_for|_until)?\s*\(")
# What implements an event loop can't be written without its names.
MAY_NAME_BLOCKING = {"base/epoll_dispatcher.h", "base/epoll_dispatcher.cpp"}

COMMENT_OR_STRING = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])*\'', re.S)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)


def sources(folder):
    return sorted(path for path in Path(folder).rglob("*") if path.suffix in SOURCES)


def code_only(text):
    """`text` without comments and the insides of literals, on the same lines."""
    return COMMENT_OR_STRING.sub(lambda match: "\n" * match.group().count("\n"), text)


def parse_rooms(page):
    """{room: set of the rooms that it may include}, from the table `| room | what it is | may include |`."""
    rooms = {}
    for line in Path(page).read_text(encoding="utf8").splitlines():
        row = re.match(r"\|\s*`(\w+)`\s*\|.*\|([^|]*)\|\s*$", line)
        if row:
            rooms[row.group(1)] = row.group(2).strip()
    above = []
    for room, words in list(rooms.items()):
        rooms[room] = _allowed(room, words, above, set(rooms))
        above.append(room)
    if not rooms:
        raise ValueError(f"{page} has no table of rooms")
    return rooms


def _allowed(room, words, above, every):
    if words == "Qt Core":
        return set()
    match = re.fullmatch(r"all(?P<above> above)?(?: but (?P<but>.+))?", words)
    if match:
        named = set(above) if match.group("above") else every
        return named - set(_names(match.group("but") or "", every, room)) - {room}
    return set(_names(words, every, room))


def _names(words, every, room):
    names = [name.strip() for name in words.split(",") if name.strip()]
    for name in names:
        if name not in every:
            raise ValueError(f"the row of '{room}' names '{name}', which is no room")
    return names


def includes(path):
    for match in INCLUDE.finditer(path.read_text(encoding="utf8")):
        line = path.read_text(encoding="utf8").count("\n", 0, match.start()) + 1
        yield line, match.group(1) == '"', match.group(2)


def check_arrows(src):
    """Every #include crosses rooms only where the table has an arrow."""
    src = Path(src)
    rooms = parse_rooms(src / "ARCHITECTURE.md")
    complaints = []
    for path in sources(src):
        room = path.relative_to(src).parts[0]
        if room not in rooms:
            complaints.append(f"{path}: '{room}' is no room of the table in ARCHITECTURE.md")
            continue
        for line, is_quoted, header in includes(path):
            complaint = _arrow_complaint(src, rooms, room, is_quoted, header)
            if complaint:
                complaints.append(f"{path}:{line}: {complaint}")
    return complaints


def _arrow_complaint(src, rooms, room, is_quoted, header):
    for owner, what, pattern in RESERVED:
        if pattern.search(header) and room != owner:
            return f"only '{owner}' may include {what} (<{header}>)"
    if room == "base" and re.match(r"Qt(?!Core/)\w+/", header):
        return f"'base' stands on Qt Core alone (<{header}>)"
    target = header.split("/")[0]
    if target in rooms and "/" in header:
        if target != room and target not in rooms[room]:
            return f"'{room}' may not include '{target}' (\"{header}\")"
        return None
    is_moc = header.endswith(".moc") or header.startswith("moc_")
    if is_quoted and room != "engine" and not is_moc:
        return f'write "room/file.h" (\"{header}\")'
    return None


def check_links(src):
    """gatehouse_room(… ROOMS …) links no room that the table does not allow."""
    src = Path(src)
    rooms = parse_rooms(src / "ARCHITECTURE.md")
    complaints = []
    for path in sorted(src.rglob("CMakeLists.txt")):
        text = re.sub(r"#[^\n]*", "", path.read_text(encoding="utf8"))
        for room, body in re.findall(r"gatehouse_room\(\s*(\w+)([^)]*)\)", text):
            linked = re.search(r"\bROOMS\b(.*?)(?=\b(?:SOURCES|LIBRARIES)\b|$)", body, re.S)
            for name in linked.group(1).split() if linked else []:
                if name in rooms and name not in rooms.get(room, set()):
                    complaints.append(f"{path}: '{room}' may not link '{name}'")
    return complaints


def check_heart(src):
    """`chat` names no wire format, no socket and no vendor."""
    complaints = []
    for path in sources(Path(src) / "chat"):
        for number, line in enumerate(code_only(path.read_text(encoding="utf8")).splitlines(), 1):
            if found := FOREIGN_TO_CHAT.search(line):
                complaints.append(f"{path}:{number}: '{found.group()}' has no place in the heart")
        for number, _, header in includes(path):
            if found := FOREIGN_TO_CHAT.search(header):
                complaints.append(f"{path}:{number}: includes '{header}'")
    return complaints


def check_blocking(src):
    """Nothing under src/ waits: every thread but the store's and the engine's is an event loop that must turn."""
    complaints = []
    for path in sources(src):
        if path.relative_to(src).as_posix() in MAY_NAME_BLOCKING:
            continue
        for number, line in enumerate(code_only(path.read_text(encoding="utf8")).splitlines(), 1):
            if found := BLOCKING.search(line):
                complaints.append(f"{path}:{number}: '{found.group().strip(' (')}' is forbidden")
    return complaints


def check_files(top):
    """Every C++ file begins with its licence and stays short."""
    complaints = []
    for path in sources(Path(top) / "src") + sources(Path(top) / "tests"):
        lines = path.read_text(encoding="utf8").splitlines()
        if not lines or lines[0] != LICENCE:
            complaints.append(f"{path}:1: does not begin with '{LICENCE}'")
        if len(lines) > MOST_FILE_LINES:
            complaints.append(f"{path}: {len(lines)} lines, at most {MOST_FILE_LINES}")
    return complaints


def check_functions(src):
    """No function is longer than a screen. Needs Universal Ctags."""
    if not shutil.which("ctags"):
        return ["universal-ctags is missing: scripts/setup installs it"]
    command = ["ctags", "--languages=C++", "--kinds-C++=f", "--fields=+ne", "--output-format=json", "-o", "-"]
    command += [str(path) for path in sources(src)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    complaints = []
    for tag in map(json.loads, output.splitlines()):
        length = tag.get("end", tag["line"]) - tag["line"] + 1
        if length > MOST_FUNCTION_LINES:
            complaints.append(f"{tag['path']}:{tag['line']}: {tag['name']} has {length} lines, "
                              f"at most {MOST_FUNCTION_LINES}")
    return complaints


def check_program(program):
    """The server links no GUI library: it runs where there is no display."""
    listing = subprocess.run(["ldd", str(program)], check=True, capture_output=True, text=True).stdout
    if "libQt6Core" not in listing:
        return [f"ldd does not say what {program} links:\n{listing}"]
    found = sorted(set(re.findall(r"libQt6(?:Gui|Widgets|Quick\w*|Qml\w*|OpenGL\w*|Charts)\b", listing)))
    return [f"{program} links {library}" for library in found]
