// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/options.hpp"

#include "common/error.hpp"
#include "common/port_names.hpp"

#include <cstdlib>
#include <limits>
#include <utility>

namespace crowdjack {

namespace po = boost::program_options;

namespace {

std::string default_server() {
    const char* server = std::getenv("JACK_DEFAULT_SERVER");
    return server != nullptr && *server != '\0' ? server : "default";
}

/// Read as an int first: a negative number would wrap into a port that nobody asked for.
std::uint16_t checked_port(int port) {
    if (port < 0 || port > std::numeric_limits<std::uint16_t>::max()) {
        throw UsageError{"--osc-port " + std::to_string(port) + " is no UDP port: use 1 to 65535, or 0 for a free one"};
    }
    return static_cast<std::uint16_t>(port);
}

}  // namespace

CommandLine::CommandLine(std::string program, std::string summary, std::uint16_t default_osc_port)
    : PlainCommandLine{std::move(program), std::move(summary)} {
    shared_.add_options()("server", po::value<std::string>()->value_name("NAME")->default_value(default_server()),
                          "JACK server name")(
        "client-name", po::value<std::string>()->value_name("NAME")->default_value("", ""),
        "JACK client name")("connect", po::bool_switch(), "connect the ports to their usual places")(
        "resume", po::bool_switch(), "start from the state saved by an earlier run")(
        "resume-from", po::value<std::string>()->value_name("FILE")->default_value("", ""),
        "start from the state in FILE")("osc-port",
                                        po::value<int>()->value_name("PORT")->default_value(default_osc_port),
                                        "UDP port for OSC; 0 takes a free one")(
        "osc-bind", po::value<std::string>()->value_name("ADDRESS")->default_value("127.0.0.1"),
        "IPv4 address to listen on")("peer", po::value<std::vector<std::string>>()->value_name("NAME=URL"),
                                     "a client on another machine (repeatable)")(
        "check-options", po::bool_switch(), "say which client and ports these options make, and end");
}

std::optional<CommonOptions> CommandLine::parse(int argc, const char* const* argv) {
    if (ran_as_port_name_writer(argc, argv) || !PlainCommandLine::parse(argc, argv)) {
        return std::nullopt;
    }
    const po::variables_map& values = PlainCommandLine::values();
    CommonOptions options;
    options.server = values["server"].as<std::string>();
    options.client_name = values["client-name"].as<std::string>();
    options.connect = values["connect"].as<bool>();
    options.resume = values["resume"].as<bool>();
    options.resume_from = values["resume-from"].as<std::string>();
    options.osc_port = checked_port(values["osc-port"].as<int>());
    options.osc_bind = values["osc-bind"].as<std::string>();
    options.check_options = values["check-options"].as<bool>();
    options.log_level = parse_log_level(values["log-level"].as<std::string>());
    if (given("peer")) {
        options.peers = values["peer"].as<std::vector<std::string>>();
    }
    return options;
}

}  // namespace crowdjack
