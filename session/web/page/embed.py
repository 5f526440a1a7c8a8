#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the page's files as one C++ source: embed.py OUTPUT FILE..."""
import os
import sys

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}


def literal(data):
    """As bytes: no quoting to get wrong, and no limit on a literal's length. A char is unsigned on arm64, signed on a PC."""
    lines = (data[i:i + 24] for i in range(0, len(data), 24))
    return ",\n".join("    " + ", ".join(str(byte) if byte < 128 else f"'\\x{byte:02x}'" for byte in line) for line in lines)


def main(output, files):
    parts = ['// Made by page/embed.py.\n#include "session/web/page.hpp"\n\n#include <array>\n\n'
             "namespace crowdjack::web {\n\nnamespace {\n"]
    table = []
    for number, file in enumerate(files):
        name = os.path.basename(file)
        with open(file, "rb") as source:
            data = source.read()
        parts.append(f"\n// {name}\nconstexpr std::array<char, {len(data)}> file_{number}{{\n{literal(data)}}};\n")
        path = "/" if name == "index.html" else "/" + name
        kind = TYPES[os.path.splitext(name)[1]]
        table.append(f'    PageFile{{"{path}", "{kind}", {{file_{number}.data(), file_{number}.size()}}}},\n')
    parts.append("\nconstexpr std::array files{\n" + "".join(table) + "};\n\n}  // namespace\n\n"
                 "std::span<const PageFile> page_files() { return files; }\n\n}  // namespace crowdjack::web\n")
    with open(output, "w", encoding="utf-8") as result:
        result.write("".join(parts))


main(sys.argv[1], sys.argv[2:])
