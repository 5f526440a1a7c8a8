// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <boost/program_options.hpp>

#include <string>

namespace crowdjack {

/// The command line of any program of the suite, JACK client or not: --help, --version, --log-level, --config FILE (an
/// INI with the same keys) and the program's own options.
///
/// An unknown or malformed option throws UsageError with the nearest right name.
class PlainCommandLine {
public:
    /// @param program  e.g. crowdjack-struct-export; @param summary  one line for --help
    PlainCommandLine(std::string program, std::string summary);

    /// Options of the program itself; fill before parse().
    boost::program_options::options_description own{"Options"};
    /// Names of positional arguments, e.g. positional.add("file", 1); the option itself goes to `own` or `hidden`.
    boost::program_options::positional_options_description positional;
    boost::program_options::options_description hidden;
    std::string usage_tail;  ///< e.g. "[FILE]"

    /// Parses argv and the --config file, and sets up the log.
    /// @returns false when --help or --version was answered: main returns 0
    /// @throws UsageError
    [[nodiscard]] bool parse(int argc, const char* const* argv);
    [[nodiscard]] const boost::program_options::variables_map& values() const noexcept { return values_; }
    /// Was it on the command line or in the --config file, rather than left at its default?
    [[nodiscard]] bool given(const std::string& option) const;

protected:
    boost::program_options::options_description shared_{"Options of every crowdjack program"};

private:
    void store(int argc, const char* const* argv, const boost::program_options::options_description& all);

    std::string program_, summary_;
    boost::program_options::variables_map values_;
};

}  // namespace crowdjack
