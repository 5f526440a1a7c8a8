// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace crowdjack {

/// The path in a Rekordbox `Location`: `file://localhost/Users/DJ/Caf%C3%A9.mp3` is `/Users/DJ/Café.mp3`.
///
/// Escaped and raw paths, `file://localhost/`, `file:///`, `file:/` and bare paths are taken; a drive letter loses the
/// slash before it (`D:/Music/x.mp3`); `file://nas/share/x` becomes `//nas/share/x`. What is no escape (a lone `%`), a
/// raw `#`, `?` or `+` belongs to the name. Backslashes of Windows paths become slashes.
[[nodiscard]] std::string location_path(std::string_view location);

/// A path as programs on any system write it, with slashes only: backslashes count as such when there is a drive letter
/// or no slash at all.
[[nodiscard]] std::string with_slashes(std::string_view path);

/// What comes after the last slash.
[[nodiscard]] std::string_view file_name(std::string_view path) noexcept;

}  // namespace crowdjack
