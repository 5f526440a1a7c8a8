// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/api/group_starter.hpp"

#include "common/log.hpp"

#include <algorithm>
#include <iterator>
#include <memory>

namespace crowdjack {

namespace {

/// From the choice of the frame until every deck has taken it: messages, control threads, a busy machine.
constexpr double group_lead_seconds = 0.04;
/// Should an event of a deck get lost on the way.
constexpr auto ask_again = std::chrono::milliseconds{250};

std::string shown(const std::vector<std::pair<std::string, std::string>>& decks, const std::string& plain) {
    const auto found = std::find_if(decks.begin(), decks.end(), [&](const auto& deck) { return deck.first == plain; });
    return found == decks.end() ? plain : found->second;
}

/// Collects the confirmations of one start.
struct Confirmation {
    OscReplyTo reply;
    JackFrame frame;
    std::vector<std::string> asked;  ///< in the order they were named
    std::set<std::string> started;
    std::size_t open{};

    void finish() const {
        if (open > 0 || started.empty()) {
            return;
        }
        OscMessage message = reply.reply();
        message.frame(frame);
        for (const std::string& deck : asked) {
            if (started.contains(deck)) {
                message.text(deck);
            }
        }
        reply.send(message);
    }
};

void say_on_arrival(const std::string& deck, const std::string& why) {
    log_event(LogLevel::info, "started-on-arrival", {{"deck", deck}, {"why", why}});
}

}  // namespace

GroupStarter::GroupStarter(ClientShell& shell, DeckStates& decks, const RemoteDecks& remotes, Surroundings surroundings)
    : shell_{shell}, decks_{decks}, remotes_{remotes}, surroundings_{std::move(surroundings)} {
    shell.loop().every(ask_again, [this] {
        if (groups_.empty()) {
            return;
        }
        for (const Group& group : groups_) {
            for (const auto& [deck, name] : group.decks) {
                decks_.listen(deck);
                decks_.ask(deck);
            }
        }
        look_again();
    });
}

void GroupStarter::begin(const OscReplyTo& reply, const std::vector<std::pair<std::string, std::string>>& decks,
                         double seconds, std::optional<JackFrame> frame) {
    const SessionTime now = SessionClock::now();
    if (frame && shell_.has_jack()) {
        seconds = to_seconds(*frame - shell_.jack().last_frame(), shell_.jack().format().rate).value;
    }
    const SessionTime delay{static_cast<SessionTime::rep>(std::max(0.0, seconds) * 1000.0)};
    Group group{reply, decks, now, now + delay, frame};
    if (shell_.has_jack() && !frame) {
        // Arrival lies somewhere in the present cycle: its end is never before it.
        const JackClient& jack = shell_.jack();
        group.due_frame =
            jack.last_frame() + Frames{jack.period()} + to_frames(Seconds{std::max(0.0, seconds)}, jack.format().rate);
    }
    groups_.push_back(std::move(group));
    shell_.loop().after(delay + GroupStart::patience, [this] { look_again(); });
    for (const auto& [deck, name] : decks) {
        decks_.ask(deck, [this] { look_again(); });
    }
    look_again();
}

DeckReadiness GroupStarter::readiness(const Group& group, const std::string& deck) const {
    if (!surroundings_.part_of_session(deck)) {
        return {false, true, "there is no such deck in this session"};
    }
    if (!decks_.is_there(deck)) {
        return {false, false, "it is not running"};
    }
    const DeckView& view = decks_.view(deck);
    if (view.seen < group.arrived) {
        return {false, false, "it does not answer"};
    }
    if (view.cues_under_way > 0) {
        return {false, false, "its track is still being loaded"};
    }
    if (view.said.state == "empty" || view.said.state == "missing" || view.said.state == "failed" ||
        view.said.state.empty()) {
        return {false, false, "nothing is cued on it (send /cue first)"};
    }
    const std::vector<std::string> unmade = surroundings_.unmade(deck);
    if (!unmade.empty()) {
        return {false, false, "its connection " + unmade.front() + " is not made"};
    }
    return {true, false, {}};
}

void GroupStarter::look_again() {
    for (auto group = groups_.begin(); group != groups_.end();) {
        group = settle(*group) ? groups_.erase(group) : std::next(group);
    }
}

bool GroupStarter::settle(Group& group) {
    if (!shell_.has_jack() || !group.due_frame) {
        if (SessionClock::now() < group.due + GroupStart::patience) {
            return false;
        }
        group.reply.error(OscErrorCode::not_ready, "there is no JACK server");
        return true;
    }
    std::vector<std::string> names;
    std::map<std::string, DeckReadiness> known;
    for (const auto& [deck, name] : group.decks) {
        names.push_back(deck);
        known[deck] = readiness(group, deck);
    }
    const GroupStart start{names, group.due, *group.due_frame};
    const GroupStart::Decision decision = start.decide(SessionClock::now(), soonest(group), known);
    if (decision.wait) {
        return false;
    }
    for (const auto& [deck, why] : decision.not_ready) {
        group.reply.error(OscErrorCode::not_ready, "deck " + shown(group.decks, deck) + " is not ready: " + why);
        log_event(LogLevel::warning, "deck-not-started", {{"deck", deck}, {"why", why}});
    }
    launch(group, decision);
    return true;
}

/// A frame that every deck of the group can still be heard on.
JackFrame GroupStarter::soonest(const Group& group) const {
    Frames way{};
    for (const auto& [deck, name] : group.decks) {
        way = std::max(way, remotes_.sound_delay(deck));
    }
    const JackClient& jack = shell_.jack();
    return jack.soonest() + to_frames(Seconds{group_lead_seconds}, jack.format().rate) + way;
}

void GroupStarter::launch(const Group& group, const GroupStart::Decision& decision) {
    auto confirmation = std::make_shared<Confirmation>(Confirmation{group.reply, decision.frame, {}, {}, 0});
    confirmation->open = decision.starting.size();
    for (const std::string& deck : decision.starting) {
        confirmation->asked.push_back(shown(group.decks, deck));
    }
    for (const std::string& deck : decision.starting) {
        const std::string name = shown(group.decks, deck);
        const std::optional<JackFrame> there = remotes_.frame_there(deck, decision.frame);
        if (shell_.peers().is_remote(deck) && !there) {
            start_on_arrival(group, deck);
            confirmation->started.insert(name);
            --confirmation->open;
            confirmation->finish();
            continue;
        }
        const auto done = [this, confirmation, name, deck, remote = there.has_value()](const PeerAnswer& answer) {
            --confirmation->open;
            if (remote && !answer.ok) {  // its clock has just begun anew
                shell_.peers().tell(deck, protocol::DeckStart{}.write());
                say_on_arrival(deck, answer.message);
            }
            if (answer.ok || remote) {
                confirmation->started.insert(name);
            } else {
                confirmation->reply.error(answer.code, "deck " + name + ": " + answer.message);
            }
            confirmation->finish();
        };
        try {
            // On the beat, where it has a grid; the other machine's tempo line is another.
            shell_.peers().ask(deck,
                               there ? OscMessage{at::deck_start_own}.frame(*there)
                                     : protocol::DeckStart{.frame = decision.frame, .on_beat = true}.write(),
                               done);
        } catch (const OscError& error) {
            done({false, error.code, error.what(), {}, {}});
        }
    }
    if (!decision.starting.empty()) {
        log_event(LogLevel::info, "group-start",
                  {{"frame", decision.frame.value}, {"decks", decision.starting.size()}});
    }
}

/// Of a deck on another machine, while its clock is not known.
void GroupStarter::start_on_arrival(const Group& group, const std::string& deck) {
    const SessionTime delay = std::max(SessionTime{0}, group.due - SessionClock::now());
    shell_.loop().after(delay, [this, deck] {
        shell_.peers().tell(deck, protocol::DeckStart{}.write());
        say_on_arrival(deck, "its server's frames are not known yet");
    });
}

JackFrame GroupStarter::frame_after(SessionTime delay) const {
    const JackClient& jack = shell_.jack();
    const double seconds = static_cast<double>(std::max(SessionTime{0}, delay).count()) / 1000.0;
    return jack.last_frame() + Frames{jack.period()} + to_frames(Seconds{seconds}, jack.format().rate);
}

void GroupStarter::frames_are_void() {
    for (Group& group : groups_) {
        group.due_frame.reset();
    }
}

void GroupStarter::server_is_back() {
    for (Group& group : groups_) {
        group.due_frame = frame_after(group.due - SessionClock::now());
    }
    look_again();
}

}  // namespace crowdjack
