// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/api/hand_titles.hpp"

#include "common/deck_names.hpp"
#include "common/protocol/mixer_messages.hpp"
#include "common/track_tags.hpp"

#include <filesystem>
#include <utility>

namespace crowdjack {

namespace {

constexpr auto renewal = std::chrono::seconds{5};
constexpr auto title_listening = std::chrono::seconds{15};
constexpr std::size_t most_unread = 64;  ///< starts that a hanging disk keeps back; older ones are of no interest

}  // namespace

HandTitles::HandTitles(ClientShell& shell, DeckStates& decks)
    : shell_{shell}, decks_{decks}, reader_{[this](const std::stop_token& stop) { work(stop); }} {
    decks_.cued = [this](const std::string& deck) { cued(deck); };
    shell_.peers().on_event(at::deck_started, [this](const PeerInfo& deck, const OscArguments& heard) {
        if (by_hand_.contains(deck.name)) {
            started(deck.name, JackFrame{heard.frame(0, "frame")});
        }
    });
    shell_.peers().on_event(at::setlist_cued, [this](const PeerInfo&, const OscArguments& heard) {
        by_hand_.erase(deck_client(heard.text(0, "deck")));
    });
    shell_.loop().every(renewal, [this] {
        for (const std::string& deck : by_hand_) {
            listen_to(deck);
        }
    });
}

HandTitles::~HandTitles() { decks_.cued = {}; }

void HandTitles::cued(const std::string& deck) {
    by_hand_.insert(deck);
    listen_to(deck);
}

/// And to a setlist, which may take the deck.
void HandTitles::listen_to(const std::string& deck) {
    shell_.peers().subscribe(deck, title_listening);
    shell_.peers().subscribe("setlist", title_listening);
}

void HandTitles::started(const std::string& deck, JackFrame frame) {
    decks_.ask(deck, [this, deck, frame] {
        const Start start{deck, decks_.view(deck).said.path, frame};
        if (start.path.empty()) {
            return;
        }
        {
            const std::lock_guard lock{mutex_};
            if (unread_.size() == most_unread) {
                unread_.pop_front();
            }
            unread_.push_back(start);
        }
        changed_.notify_one();
    });
}

void HandTitles::tell(const Start& start, const std::string& artist, const std::string& title) {
    const auto mixer = shell_.peers().of_kind("mixer-bus");
    if (!mixer || (told_ && told_->frame == start.frame && told_->deck < start.deck)) {
        return;
    }
    told_ = start;
    shell_.peers().tell(*mixer,
                        protocol::MixerNowPlaying{deck_short_name(start.deck), artist, title, start.frame}.write());
}

void HandTitles::work(const std::stop_token& stop) {
    while (true) {
        Start start;
        {
            std::unique_lock lock{mutex_};
            if (!changed_.wait(lock, stop, [this] { return !unread_.empty(); })) {
                return;
            }
            start = std::move(unread_.front());
            unread_.pop_front();
        }
        const TrackTags tags = read_track_tags(start.path);
        const std::string title = tags.title.empty() ? std::filesystem::path{start.path}.stem().string() : tags.title;
        shell_.loop().post([this, start, tags, title] { tell(start, tags.artist, title); });
    }
}

}  // namespace crowdjack
