// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <string_view>

namespace crowdjack::web {

/// One file of page/, as it lies in the program.
struct PageFile {
    std::string_view path;  ///< /page.js; the page itself is /
    std::string_view type;
    std::string_view content;
};

/// Made from the files of page/ at build time: see page/embed.py.
[[nodiscard]] std::span<const PageFile> page_files();

}  // namespace crowdjack::web
