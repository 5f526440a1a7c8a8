// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/jack_opening.hpp"

#include "common/jack_closing.hpp"
#include "common/jack_door.hpp"

#include <atomic>
#include <future>
#include <optional>
#include <thread>
#include <utility>

namespace crowdjack {

namespace {

std::atomic<std::size_t> attempts_inside{0};  ///< written by the opening threads, read by control (relaxed)

jack_client_t* open_client(const std::string& server, const std::string& name, int more, jack_status_t& status) {
    const JackDoor turn{std::chrono::seconds{1}};
    const auto options = static_cast<jack_options_t>(JackNoStartServer | JackServerName | more);
    if (jack_clients_remain()) {
        status = static_cast<jack_status_t>(JackFailure | JackServerFailed);
        return nullptr;
    }
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-vararg): JACK's own interface
    jack_client_t* const client = jack_client_open(name.c_str(), options, &status, server.c_str());
    if (client != nullptr) {
        note_jack_client();
    }
    return client;
}

/// Asks the server itself whether it has a client of that name; nothing when it does not let us in either.
std::optional<bool> is_name_taken(const std::string& server, const std::string& name) {
    std::promise<std::optional<bool>> answer;
    auto told = answer.get_future();
    std::thread{[server, name, answer = std::move(answer)]() mutable {
        jack_status_t status{};
        jack_client_t* const client = open_client(server, "crowdjack-look", 0, status);
        if (client == nullptr) {
            answer.set_value(std::nullopt);
            return;
        }
        char* const uuid = jack_get_uuid_for_client_name(client, name.c_str());
        answer.set_value(uuid != nullptr);
        jack_free(uuid);
        (void)JackClosing{}.close(client);
    }}.detach();
    constexpr auto patience = std::chrono::milliseconds{500};
    return told.wait_for(patience) == std::future_status::ready ? told.get() : std::nullopt;
}

}  // namespace

std::shared_ptr<JackOpening> JackOpening::begin(const std::string& server, const std::string& name,
                                                std::function<void()> announce) {
    auto opening = std::make_shared<JackOpening>();
    attempts_inside.fetch_add(1, std::memory_order_relaxed);
    std::thread{[opening, server, name, announce = std::move(announce)] {
        jack_status_t status{};
        // The exact name: a patch names its ports. A predecessor that was just killed may hold it a moment longer.
        jack_client_t* client = open_client(server, name, JackUseExactName, status);
        attempts_inside.fetch_sub(1, std::memory_order_relaxed);
        opening->finish(client, status, announce);
    }}.detach();
    return opening;
}

std::size_t JackOpening::under_way() noexcept { return attempts_inside.load(std::memory_order_relaxed); }

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

jack_status_t JackOpening::status() {
    const std::lock_guard lock{mutex_};
    return status_;
}

bool JackOpening::server_answered() {
    // jackd2 1.9 answers a name that is taken with JackServerError alone, as it does for other reasons to refuse;
    // JackServerFailed is a server that isn't there.
    return (status() & (JackNameNotUnique | JackServerError | JackVersionError | JackShmFailure)) != 0;
}

void JackOpening::abandon() {
    const std::lock_guard lock{mutex_};
    abandoned_ = true;
    if (client_ != nullptr) {
        (void)JackClosing{}.close(std::exchange(client_, nullptr));
    }
}

std::string why_not_opened(JackOpening& opening, const std::string& server, const std::string& name) {
    const jack_status_t status = opening.status();
    const std::string where = "JACK server '" + server + "'";
    if ((status & JackVersionError) != 0) {
        return where + " is of another version than this program's libjack: install one JACK only";
    }
    if ((status & JackShmFailure) != 0) {
        return where + "'s shared memory can't be reached: does it run as another user?";
    }
    if (!opening.server_answered()) {
        return "cannot reach " + where + ": is jackd running? (jackd -d dummy needs no sound card)";
    }
    if ((status & JackNameNotUnique) != 0 || is_name_taken(server, name).value_or(false)) {
        return "a JACK client named '" + name + "' runs on server '" + server +
               "' already: stop it, or choose another name with --client-name";
    }
    return where + " refuses client '" + name + "': has it too many clients or ports? (its own messages say more)";
}

}  // namespace crowdjack
