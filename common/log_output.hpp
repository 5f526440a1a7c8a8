// SPDX-License-Identifier: GPL-3.0-or-later
// The way of log lines out of the process: stderr, without ever waiting for whoever reads it.
#pragma once

#include "common/log.hpp"

#include <chrono>
#include <string_view>

namespace crowdjack {

/// Writes one line (without its end) to stderr. When the reader does not take it now (a pager, Ctrl-S, a stuck
/// journal), it waits in a queue of at most 1000 lines and 256 KiB; what does not fit is dropped, counted, and said in
/// a line of its own once the reader is back. Any thread but audio; never blocks.
///
/// Under systemd (stderr is the journal's, $JOURNAL_STREAM) the line begins with its priority, e.g. <4> for a warning.
void write_log_line(LogLevel level, std::string_view line);

/// The descriptor that becomes writable when the queue can go on; -1 while nothing waits. For the control loop's
/// poll().
[[nodiscard]] int log_backlog_descriptor() noexcept;
/// Writes what can be written of the queue now.
void flush_log() noexcept;
/// The same at the end of a program: gives the reader until `patience` to take it all.
void flush_log(std::chrono::milliseconds patience) noexcept;

/// Lines dropped so far, said or not.
[[nodiscard]] std::uint64_t log_lines_dropped() noexcept;

}  // namespace crowdjack
