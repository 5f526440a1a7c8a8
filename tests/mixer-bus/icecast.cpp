// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/mixer-bus/icecast.hpp"

#include "mixer-bus/http.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/surroundings.hpp"

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

namespace crowdjack::test {

Icecast::Icecast(std::filesystem::path folder, int port, std::string password)
    : folder_{std::move(folder)}, port_{port}, password_{std::move(password)} {}

bool Icecast::possible() {
    return std::system("command -v icecast2 >/dev/null && unshare --user --map-user=1000 true 2>/dev/null") == 0;
}

void Icecast::start() {
    ++runs_;
    const auto config = folder_ / "icecast.xml";
    std::ofstream out{config};
    out << "<icecast><location>test</location><admin>nobody@localhost</admin>"
           "<limits><clients>20</clients><sources>5</sources><header-timeout>5</header-timeout>"
           "<source-timeout>5</source-timeout></limits>"
           "<authentication><source-password>"
        << password_
        << "</source-password><admin-user>admin</admin-user><admin-password>other</admin-password></authentication>"
           "<hostname>localhost</hostname><listen-socket><port>"
        << port_ << "</port><bind-address>127.0.0.1</bind-address></listen-socket>";
    for (const char* mount : {"set", "second", "third"}) {
        out << "<mount type=\"normal\"><mount-name>/" << mount << "</mount-name><dump-file>"
            << dump(mount, runs_).string() << "</dump-file></mount>";
    }
    out << "<paths><basedir>/usr/share/icecast2</basedir><logdir>" << folder_.string()
        << "</logdir><webroot>/usr/share/icecast2/web</webroot><adminroot>/usr/share/icecast2/admin</adminroot></paths>"
           "<logging><accesslog>access.log</accesslog><errorlog>error.log</errorlog><loglevel>3</loglevel></logging>"
           "</icecast>";
    out.close();
    // On a busy machine it can end of its first connection, when that comes before its own threads run.
    constexpr int most_starts = 5;
    int starts = 0;
    const bool serves = eventually([&] {
        if (!process_ || !process_->running()) {
            if (++starts > most_starts) {
                throw std::runtime_error{"icecast2 ends again and again: " + process_->output() + log()};
            }
            process_ = std::make_unique<Process>(
                std::vector<std::string>{"unshare", "--user", "--map-user=1000", "icecast2", "-c", config.string()});
        }
        return status().find("icestats") != std::string::npos;
    });
    if (!serves) {
        throw std::runtime_error{"icecast2 does not serve: " + process_->output()};
    }
}

void Icecast::kill_hard() {
    process_->kill_hard();
    process_.reset();
}

std::string Icecast::status() const {
    HttpGet get{"127.0.0.1", static_cast<std::uint16_t>(port_), "/status-json.xsl", ""};
    while (get.proceed() == HttpGet::State::running) {
        std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
    return std::string{get.body()};
}

std::string Icecast::log() const {
    return text_of(folder_ / "error.log") + (process_ && process_->running() ? "" : "icecast2 does not run\n");
}

double Icecast::seconds_until_title(const std::string& mount, const std::string& format,
                                    const std::string& title) const {
    const bool opus = format == "opus" || format == "OPUS";
    const auto begin = std::chrono::steady_clock::now();
    (void)eventually([&] {
        if (!opus) {
            return status().find(title) != std::string::npos;
        }
        const std::string heard = text_of(dump(mount, runs_));
        return heard.find(title) != std::string::npos;
    });
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

std::filesystem::path Icecast::dump(const std::string& mount, int run) const {
    return folder_ / (mount + "-" + std::to_string(run) + ".dump");
}

std::string Icecast::url(const std::string& mount, const std::string& password) const {
    return "icecast://source:" + password + "@127.0.0.1:" + std::to_string(port_) + "/" + mount;
}

}  // namespace crowdjack::test
