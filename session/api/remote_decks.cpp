// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/api/remote_decks.hpp"

#include "common/log.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

namespace crowdjack {

namespace {

/// Between two questions, at random: never in step with the cycles there, which would show the same part of one each
/// time.
struct Pause {
    int shortest_ms, longest_ms;
};
constexpr Pause calm{90, 230}, curious{5, 25};
constexpr auto patience = std::chrono::seconds{1};

/// The longest latency in that direction of the client's ports of a kind; 0 when it has none.
jack_nframes_t longest_latency(jack_client_t* client, const std::string& owner, unsigned long flags,
                               jack_latency_callback_mode_t mode) {
    const std::unique_ptr<const char*, decltype(&jack_free)> names{
        jack_get_ports(client, nullptr, JACK_DEFAULT_AUDIO_TYPE, flags), &jack_free};
    jack_nframes_t longest = 0;
    for (const char* const* name = names.get(); name != nullptr && *name != nullptr; ++name) {
        const std::string_view port{*name};
        if (port.starts_with(owner) && port.substr(owner.size()).starts_with(':')) {
            jack_latency_range_t range{};
            jack_port_get_latency_range(jack_port_by_name(client, *name), mode, &range);
            longest = std::max(longest, range.max);
        }
    }
    return longest;
}

}  // namespace

RemoteDecks::RemoteDecks(ClientShell& shell, const std::map<std::string, std::string>& vias) : shell_{shell} {
    for (const auto& [deck, via] : vias) {
        remotes_[deck].via = via;
    }
    if (!remotes_.empty()) {
        ask_later();
    }
}

void RemoteDecks::frames_are_void() {
    for (auto& [deck, remote] : remotes_) {
        remote.clock.forget();
        remote.said.reset();
    }
}

void RemoteDecks::ask_later() {
    const bool unsettled = shell_.has_jack() && std::ranges::any_of(remotes_, [this](const auto& remote) {
                               return !remote.second.clock.settled() && shell_.peers().is_remote(remote.first);
                           });
    // Later than the next cycle: a deck that tells the same one twice has lost its server.
    const int cycle_ms =
        unsettled ? static_cast<int>(1000.0 * shell_.jack().period() / shell_.jack().format().rate) : 0;
    const auto [shortest, longest] = unsettled ? curious : calm;
    std::uniform_int_distribution<int> pause{shortest + 2 * cycle_ms, longest + 2 * cycle_ms};
    shell_.loop().after(std::chrono::milliseconds{pause(random_)}, [this] {
        for (auto& [deck, remote] : remotes_) {
            if (shell_.has_jack() && !remote.asked && shell_.peers().is_remote(deck)) {
                ask(deck, remote);
            }
        }
        ask_later();
    });
}

void RemoteDecks::ask(const std::string& deck, Remote& remote) {
    const JackFrame asked = shell_.jack().frame_now();
    const JackFrame asked_in = shell_.jack().last_frame();
    const auto heard = [this, &remote, deck, asked, asked_in](const PeerAnswer& answer) {
        remote.asked = false;
        if (!answer.ok || !shell_.has_jack()) {
            remote.clock.doubt();
            return;
        }
        const auto there = protocol::DeckStateMessage::read(answer.values).frame;
        if (there == std::exchange(remote.last_frame, there)) {
            remote.clock.doubt();  // no cycle since the last question: its server is away
            return;
        }
        const JackClient& jack = shell_.jack();
        const Frames took = jack.frame_now() - asked;
        const auto less = [there](JackFrame here) { return static_cast<std::int32_t>(there - wire_frame(here)); };
        remote.clock.note({less(asked + Frames{took.value / 2}), static_cast<double>(took.value),
                           static_cast<std::int32_t>(jack.period()), less(asked_in), less(jack.last_frame()),
                           static_cast<std::int32_t>((asked - asked_in).value)},
                          jack.format().rate);
        const auto ahead = remote.clock.ahead();
        if (!ahead || (remote.said && std::abs(static_cast<double>(*ahead) - *remote.said) < jack.format().rate)) {
            return;
        }
        if (const auto delay = link_delay(remote.via)) {
            remote.said = ahead;
            log_event(LogLevel::info, "remote-clock-known",
                      {{"deck", deck}, {"via", remote.via}, {"heard_after_frames", delay->value}});
        }
    };
    remote.asked = true;
    try {
        shell_.peers().ask(deck, OscMessage{at::deck_state}, heard, patience);
    } catch (const OscError&) {
        remote.asked = false;  // gone in between
        remote.clock.doubt();
    }
}

/// As JACK's network driver declares it: half at either end.
std::optional<Frames> RemoteDecks::link_delay(const std::string& via) const {
    if (!shell_.has_jack()) {
        return std::nullopt;
    }
    jack_client_t* const jack = shell_.jack().raw();
    const auto frames = longest_latency(jack, via, JackPortIsOutput, JackCaptureLatency) +
                        longest_latency(jack, via, JackPortIsInput, JackPlaybackLatency);
    return frames == 0 ? std::nullopt : std::optional{Frames{static_cast<std::int64_t>(frames)}};
}

std::optional<JackFrame> RemoteDecks::frame_there(const std::string& deck, JackFrame heard) const {
    const auto found = remotes_.find(deck);
    if (found == remotes_.end()) {
        return std::nullopt;
    }
    const auto ahead = found->second.clock.ahead();
    const auto delay = link_delay(found->second.via);
    if (!ahead || !delay) {
        return std::nullopt;
    }
    return heard + Frames{*ahead} - *delay;
}

Frames RemoteDecks::sound_delay(const std::string& deck) const {
    const auto found = remotes_.find(deck);
    const bool known = found != remotes_.end() && found->second.clock.ahead();
    return known ? link_delay(found->second.via).value_or(Frames{}) : Frames{};
}

}  // namespace crowdjack
