// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/command_line.hpp"

#include "common/error.hpp"
#include "common/log.hpp"
#include "common/nearest_name.hpp"
#include "common/own_command.hpp"

#include <algorithm>
#include <fstream>
#include <iostream>
#include <vector>

namespace crowdjack {

namespace po = boost::program_options;

PlainCommandLine::PlainCommandLine(std::string program, std::string summary)
    : program_{std::move(program)}, summary_{std::move(summary)} {
    shared_.add_options()("help,h", "show this help and exit")("version", "show the version and exit")(
        "log-level", po::value<std::string>()->value_name("LEVEL")->default_value("info"),
        "error, warning, info or debug")("config", po::value<std::string>()->value_name("FILE"),
                                         "INI file with the same keys");
}

void PlainCommandLine::store(int argc, const char* const* argv, const po::options_description& all) {
    const std::vector<std::string> words = with_arguments_of_files({argv + std::min(argc, 1), argv + argc});
    po::store(po::command_line_parser(words)
                  .options(all)
                  .positional(positional)
                  .style(po::command_line_style::unix_style & ~po::command_line_style::allow_guessing)
                  .run(),
              values_);
    if (values_.contains("config")) {
        const auto file = values_["config"].as<std::string>();
        std::ifstream config{file};
        if (!config) {
            throw UsageError{"--config: cannot read '" + file + "'"};
        }
        po::store(po::parse_config_file(config, all), values_);
    }
}

bool PlainCommandLine::parse(int argc, const char* const* argv) {
    po::options_description visible;
    visible.add(own).add(shared_);
    po::options_description all;
    all.add(visible).add(hidden);
    try {
        store(argc, argv, all);
        if (values_.contains("help")) {
            std::cout << "Usage: " << program_ << " [OPTION]… " << usage_tail << "\n" << summary_ << "\n" << visible;
            return false;
        }
        if (values_.contains("version")) {
            std::cout << program_ << " " CROWDJACK_VERSION "\n";
            return false;
        }
        po::notify(values_);
    } catch (const po::unknown_option& error) {
        std::vector<std::string> names;
        for (const auto& option : all.options()) {
            names.push_back("--" + option->long_name());
        }
        const std::string wrong = error.get_option_name();
        const std::string nearest = nearest_name(wrong, names);
        throw UsageError{"unknown option " + wrong + (nearest.empty() ? "" : ": did you mean " + nearest + "?") +
                         " (see --help)"};
    } catch (const po::error& error) {
        throw UsageError{std::string{error.what()} + " (see --help)"};
    }
    set_up_log(program_, parse_log_level(values_["log-level"].as<std::string>()));
    return true;
}

bool PlainCommandLine::given(const std::string& option) const {
    return values_.contains(option) && !values_[option].defaulted();
}

}  // namespace crowdjack
