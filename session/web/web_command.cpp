// SPDX-License-Identifier: GPL-3.0-or-later
// crowdjack-session web: the page, its feed, OSCQuery and metrics.
#include "common/error.hpp"
#include "common/log.hpp"
#include "common/options.hpp"
#include "session/commands.hpp"
#include "session/web/announcement.hpp"
#include "session/web/invitation.hpp"
#include "session/web/web_app.hpp"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>

namespace crowdjack {

namespace {

namespace po = boost::program_options;

void add_options(CommandLine& line) {
    line.own.add_options()("http-port", po::value<int>()->default_value(57180)->value_name("PORT"),
                           "TCP port of the page; 0 takes a free one")(
        "http-bind", po::value<std::string>()->default_value("127.0.0.1")->value_name("ADDRESS"),
        "address to listen on; 0.0.0.0 for the whole network")(
        "token-file", po::value<std::string>()->value_name("FILE"),
        "the token that lets a viewer act; made when it is not there (default on this machine: "
        "~/.config/crowdjack/web.token)")(
        "oscquery-port", po::value<int>()->default_value(57181)->value_name("PORT"),
        "TCP port whose / is the OSCQuery tree; 0: only /oscquery of the page's port")(
        "http-name", po::value<std::vector<std::string>>()->value_name("NAME"),
        "one more host name under which browsers come (repeatable)")("no-announce", po::bool_switch(),
                                                                     "do not announce OSCQuery and OSC through Avahi");
}

std::uint16_t port_option(const CommandLine& line, const char* name) {
    constexpr int highest = 65535;
    const int port = line.values()[name].as<int>();
    if (port < 0 || port > highest) {
        throw UsageError{std::string{"--"} + name + " " + std::to_string(port) +
                         " is no TCP port: use 1 to 65535, or 0"};
    }
    return static_cast<std::uint16_t>(port);
}

std::filesystem::path usual_token_file() {
    const auto folder_of = [](const char* variable) {
        const char* const value = std::getenv(variable);
        return value != nullptr && *value == '/' ? std::filesystem::path{value} : std::filesystem::path{};
    };
    if (const auto config = folder_of("XDG_CONFIG_HOME"); !config.empty()) {
        return config / "crowdjack" / "web.token";
    }
    const auto home = folder_of("HOME");
    if (home.empty()) {
        throw Failure{"there is no home folder to keep the token in: name a file with --token-file"};
    }
    return home / ".config" / "crowdjack" / "web.token";
}

bool is_loopback(const std::string& address) { return address.starts_with("127.") || address == "::1"; }

/// Beyond this machine somebody must have asked for a token by name: else the page only shows.
std::optional<std::string> token_option(const CommandLine& line, const std::string& bind) {
    if (line.given("token-file")) {
        return web::token_of(line.values()["token-file"].as<std::string>());
    }
    return is_loopback(bind) ? std::optional{web::token_of(usual_token_file())} : std::nullopt;
}

web::WebApp::Settings settings_of(const CommandLine& line) {
    web::WebApp::Settings settings;
    settings.bind = line.values()["http-bind"].as<std::string>();
    settings.port = port_option(line, "http-port");
    settings.query_port = port_option(line, "oscquery-port");
    settings.token = token_option(line, settings.bind);
    settings.names = web::names_of_this_machine();
    if (line.given("http-name")) {
        for (const auto& name : line.values()["http-name"].as<std::vector<std::string>>()) {
            settings.names.push_back(name);
        }
    }
    return settings;
}

void invite(const web::WebApp::Settings& settings, std::uint16_t port) {
    const std::string link = web::link(settings.bind, port, settings.token);
    std::cout << web::qr_code(link) << "\nOpen " << link << "\n";
    if (settings.token) {
        std::cout << "Who has this link can play. Without its token: " << web::link(settings.bind, port, std::nullopt)
                  << " only shows.\n";
    } else {
        std::cout << "It only shows: there is no token. With --token-file FILE a viewer can also act.\n";
    }
    std::cout.flush();
    log_event(LogLevel::info, "serving",
              {{"url", web::link(settings.bind, port, std::nullopt)}, {"acts", settings.token.has_value()}});
}

}  // namespace

int run_web(int argc, const char* const* argv) {
    CommandLine line{"crowdjack-session web", "Serves a page that shows and plays the suite, for browsers and phones."};
    add_options(line);
    const auto options = line.parse(argc, argv);
    if (!options) {
        return 0;
    }
    set_up_log("web", options->log_level);
    const web::WebApp::Settings settings = settings_of(line);
    SuiteLink link{*options};
    for (const int signal : {SIGINT, SIGTERM}) {
        link.loop().on_signal(signal, [&link] { link.loop().stop(); });
    }
    web::WebApp app{link, settings};
    app.start();
    invite(settings, app.port());
    std::unique_ptr<web::Announcement> announcement;
    if (!line.values()["no-announce"].as<bool>()) {
        announcement = std::make_unique<web::Announcement>(app.query_port(), app.osc_port());
    }
    link.loop().run();
    return 0;
}

}  // namespace crowdjack
