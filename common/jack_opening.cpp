// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/jack_opening.hpp"

#include "common/jack_closing.hpp"

#include <thread>
#include <utility>

namespace crowdjack {

std::shared_ptr<JackOpening> JackOpening::begin(const std::string& server, const std::string& name,
                                                std::function<void()> announce) {
    auto opening = std::make_shared<JackOpening>();
    std::thread{[opening, server, name, announce = std::move(announce)] {
        jack_status_t status{};
        // The exact name: a patch names its ports. A predecessor that was just killed may hold it a moment longer.
        jack_client_t* client = jack_client_open(
            name.c_str(), static_cast<jack_options_t>(JackNoStartServer | JackServerName | JackUseExactName), &status,
            server.c_str());
        opening->finish(client, status, announce);
    }}.detach();
    return opening;
}

void JackOpening::finish(jack_client_t* client, jack_status_t status, const std::function<void()>& announce) {
    const std::lock_guard lock{mutex_};
    done_ = true;
    status_ = status;
    if (abandoned_) {
        if (client != nullptr) {
            (void)JackClosing{}.close(client);
        }
        return;
    }
    client_ = client;
    finished_.notify_all();
    if (announce) {
        announce();
    }
}

bool JackOpening::wait_until(std::chrono::steady_clock::time_point deadline) {
    std::unique_lock lock{mutex_};
    if (!finished_.wait_until(lock, deadline, [this] { return done_; })) {
        abandoned_ = true;
        return false;
    }
    return true;
}

jack_client_t* JackOpening::take() {
    const std::lock_guard lock{mutex_};
    return std::exchange(client_, nullptr);
}

bool JackOpening::name_was_taken() {
    const std::lock_guard lock{mutex_};
    // jackd2 1.9 answers a name that is taken with JackServerError alone; JackServerFailed is a server that isn't
    // there.
    return (status_ & (JackNameNotUnique | JackServerError)) != 0;
}

void JackOpening::abandon() {
    const std::lock_guard lock{mutex_};
    abandoned_ = true;
    if (client_ != nullptr) {
        (void)JackClosing{}.close(std::exchange(client_, nullptr));
    }
}

}  // namespace crowdjack
