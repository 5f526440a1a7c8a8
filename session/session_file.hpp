// SPDX-License-Identifier: GPL-3.0-or-later
// The session file: what a set consists of, as the user wrote it.
#pragma once

#include "session/api/access.hpp"
#include "session/patch/connection.hpp"
#include "session/programme/opening_hours.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace crowdjack {

/// `[jack]`: which server, and how to start one when none of that name runs.
struct JackSpec {
    std::string server;  ///< empty: the caller's default
    bool autostart{false};
    std::string driver{"dummy"};
    std::string device;                 ///< the driver's -d, e.g. hw:0
    std::uint32_t rate{48000};          ///< Hz
    std::uint32_t period{256};          ///< frames
    std::uint32_t periods{0};           ///< the driver's -n; 0: its own default
    std::vector<std::string> options;   ///< further options of the driver, as they are
    std::vector<std::string> internal;  ///< clients that jackd loads itself, e.g. netmanager
    /// Its clock, rate and period are another server's: it answers only when that one is there.
    [[nodiscard]] bool on_network() const { return driver.starts_with("net"); }
};

/// One `[[client]]`.
struct ClientSpec {
    std::string name;              ///< plain name, e.g. deck-A
    std::vector<std::string> run;  ///< program and arguments; empty: started by somebody else
    std::string url;               ///< OSC URL of a client on another machine; empty: found in the registry
    std::string via;               ///< of a deck there: the JACK client here through which its sound comes
    bool restart{true};
    bool watchdog{true};
    bool watchdog_asked{false};  ///< the file says so: also a program that is not of the suite is killed when it hangs
    int line{};                  ///< of its [[client]] in the session file
    int run_line{};              ///< of its `run`

    /// One of crowdjack's own programs: understands --resume, enters the registry.
    [[nodiscard]] bool of_the_suite() const;
};

/// `[guard]`: what to do when nobody is there to do it. Commands are a program and its arguments, never a shell's line.
struct GuardSpec {
    std::vector<std::string> on_silence, on_crash, on_start;
    std::string fallback;  ///< a sound file, relative to the session file; empty: none
    int line{};
    [[nodiscard]] bool watches_silence() const { return !on_silence.empty() || !fallback.empty(); }
};

/// `[setlist]`: the set that the session plays by itself.
struct SetlistSpec {
    std::filesystem::path source;  ///< an export's CSV, a folder of music, a playlist; absolute; empty: none
    OpeningHours hours;
    std::uint64_t seed{1};  ///< of the first start; each later one draws from the next
    std::filesystem::path played_out;
    std::optional<double> lufs;
    bool harmonic{false}, in_order{false};
    std::string decks;  ///< A,B,C; empty: the setlist's own choice
    int line{};

    /// As options of `crowdjack-session setlist`. @param beginning  how often it has begun before
    [[nodiscard]] std::vector<std::string> options(std::uint64_t beginning) const;
};

/// A thing wrong with a session file.
struct SessionProblem {
    int line{};  ///< from 1; 0: the file as a whole
    std::string what;
    bool warning{false};  ///< worth saying, but the session can run
};

struct SessionFile {
    std::filesystem::path path;
    JackSpec jack;
    std::vector<std::uint16_t> osc_ports{57120};
    Access access;                               ///< [osc] allow, remote
    std::map<std::string, std::string> osc_map;  ///< [osc] map: what a sender calls an address → the address
    std::vector<std::filesystem::path> music;    ///< [music] dirs, absolute
    std::vector<ClientSpec> clients;
    std::vector<Connection> connections;
    Keep keep{Keep::wanted};
    GuardSpec guard;
    SetlistSpec setlist;
    std::vector<SessionProblem> warnings;  ///< of load_session()

    [[nodiscard]] const ClientSpec* client(const std::string& name) const;
};

/// Parses a session file and everything that can be known to be wrong with it without looking at the machine.
/// @param problems  receives what is wrong; the result is only to be used when none of them is more than a warning
[[nodiscard]] SessionFile parse_session(const std::string& text, const std::filesystem::path& path,
                                        std::vector<SessionProblem>& problems);

/// `set.toml:12: what`, as compilers and editors know it.
[[nodiscard]] std::string problem_text(const std::filesystem::path& path, const SessionProblem& problem);

/// Reads, parses, resolves paths (session_paths.hpp) and looks up every program.
/// @throws UsageError naming the first error, with file and line, when there is any
[[nodiscard]] SessionFile load_session(const std::filesystem::path& path);

/// @throws UsageError when the file can't be read
[[nodiscard]] std::string read_session_text(const std::filesystem::path& path);

/// Replaces the file's text atomically; it keeps its permissions, and stays where a symlink points.
/// @throws Failure
void write_session_text(const std::filesystem::path& path, const std::string& text);

/// Adds a problem for each client whose program is neither beside this one, nor in a sibling room folder, nor on PATH.
void check_programs(const SessionFile& session, std::vector<SessionProblem>& problems);

}  // namespace crowdjack
