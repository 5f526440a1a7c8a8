// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/web/tracks.hpp"

#include "common/audio/mapped_file.hpp"
#include "common/audio/track_reader.hpp"
#include "common/log.hpp"
#include "common/track_grid.hpp"
#include "common/track_tags.hpp"

#include <nlohmann/json.hpp>
#include <pthread.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <exception>
#include <filesystem>
#include <fstream>
#include <optional>
#include <utility>

namespace crowdjack::web {

namespace {

using Json = nlohmann::json;

constexpr std::size_t waveform_points = 512;
constexpr std::size_t most_segments = 500;
constexpr std::size_t most_label = 40;

/// The structure JSON of a track: one that lies near it, else the suite's own analysis.
std::optional<Json> structure_of(const std::string& path) {
    auto file = structure_near(path);
    if (!file) {
        file = analysis_cache_file(path);
    }
    constexpr std::uintmax_t longest = 8'000'000;
    std::error_code error;
    const auto size = std::filesystem::file_size(*file, error);
    if (error || size > longest) {
        return std::nullopt;
    }
    std::ifstream input{*file};
    Json document = Json::parse(input, nullptr, false);
    return document.is_object() ? std::optional{std::move(document)} : std::nullopt;
}

std::string text_in(const Json& document, const char* name) {
    const auto found = document.find(name);
    return found != document.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

void read_structure(const std::string& path, TrackFacts& facts) {
    const auto document = structure_of(path);
    if (!document) {
        return;
    }
    facts.title = facts.title.empty() ? text_in(*document, "title") : facts.title;
    facts.artist = facts.artist.empty() ? text_in(*document, "artist") : facts.artist;
    facts.key = facts.key.empty() ? text_in(*document, "key") : facts.key;
    const auto segments = document->find("segments");
    if (segments == document->end() || !segments->is_array()) {
        return;
    }
    for (const Json& each : *segments) {
        const bool whole = each.is_object() && each.contains("start") && each.contains("end") &&
                           each["start"].is_number() && each["end"].is_number();
        if (whole && facts.segments.size() < most_segments) {
            facts.segments.push_back(
                {each["start"].get<double>(), each["end"].get<double>(), text_in(each, "label").substr(0, most_label)});
        }
    }
}

/// Peaks of equal parts; looks at every sample, in pieces, on a thread that anybody may interrupt.
std::vector<std::uint8_t> waveform_of(const std::string& path) {
    const MappedFile file{path};
    const auto reader = open_track_reader(file);
    const auto frames = static_cast<std::size_t>(std::max<std::int64_t>(0, reader->format().frames));
    const std::size_t channels = reader->format().channels;
    constexpr std::size_t piece = 4096;
    std::vector<float> samples(piece * channels);
    std::vector<float> peaks(waveform_points, 0.0F);
    std::size_t at = 0;
    while (const std::size_t came = reader->read(samples.data(), piece)) {
        for (std::size_t i = 0; i < came && at + i < frames; ++i) {
            float& peak = peaks[std::min((at + i) * waveform_points / frames, waveform_points - 1)];
            for (std::size_t c = 0; c < channels; ++c) {
                const float level = std::abs(samples[i * channels + c]);
                peak = level > peak ? level : peak;  // not for NaN
            }
        }
        at += came;
    }
    std::vector<std::uint8_t> bytes(waveform_points);
    std::transform(peaks.begin(), peaks.end(), bytes.begin(),
                   [](float peak) { return static_cast<std::uint8_t>(std::min(peak, 1.0F) * 255.0F); });
    return bytes;
}

std::string name_of_file(const std::string& path) { return std::filesystem::path{path}.stem().string(); }

void block_signals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

TrackFacts read_facts(const std::string& path) {
    TrackFacts facts;
    const TrackTags tags = read_track_tags(path);
    facts.title = tags.title;
    facts.artist = tags.artist;
    facts.key = tags.key;
    read_structure(path, facts);
    facts.name = facts.title.empty()    ? name_of_file(path)
                 : facts.artist.empty() ? facts.title
                                        : facts.artist + " - " + facts.title;
    return facts;
}

}  // namespace

TrackBook::TrackBook(ControlLoop& loop, std::function<void(const std::string&)> changed)
    : loop_{loop}, changed_{std::move(changed)}, reader_{[this] { read_names(); }}, drawer_{[this] { draw(); }} {}

TrackBook::~TrackBook() {
    {
        const std::lock_guard lock{mutex_};
        stopping_ = true;
    }
    wake_.notify_all();
    reader_.join();
    drawer_.join();
}

const TrackFacts& TrackBook::of(const std::string& path) {
    static const TrackFacts nothing;
    if (path.empty()) {
        return nothing;
    }
    const auto [entry, is_new] = known_.try_emplace(path);
    entry->second.used = ++uses_;
    if (is_new) {
        entry->second.facts.name = name_of_file(path);
        {
            const std::lock_guard lock{mutex_};
            wanted_.push_back(path);
        }
        wake_.notify_all();
        forget_some();
    }
    return known_.find(path)->second.facts;
}

void TrackBook::forget_some() {
    constexpr std::size_t most = 100;
    while (known_.size() > most) {
        known_.erase(std::min_element(known_.begin(), known_.end(),
                                      [](const auto& a, const auto& b) { return a.second.used < b.second.used; }));
    }
}

void TrackBook::tell(const std::string& path, TrackFacts facts) {
    loop_.post([this, alive = std::weak_ptr{alive_}, path, held = std::move(facts)]() mutable {
        if (alive.expired()) {
            return;
        }
        if (const auto found = known_.find(path); found != known_.end()) {
            found->second.facts = std::move(held);
            changed_(path);
        }
    });
}

/// What titles say comes at once, however long the waveforms before take.
void TrackBook::read_names() {
    block_signals();
    while (const auto path = next_of(wanted_)) {
        TrackFacts facts;
        try {
            facts = read_facts(*path);
        } catch (const std::exception& error) {
            log_event(LogLevel::debug, "track-not-read", {{"path", *path}, {"why", error.what()}});
            continue;
        }
        tell(*path, facts);
        {
            const std::lock_guard lock{mutex_};
            undrawn_.emplace_back(*path, std::move(facts));
        }
        wake_.notify_all();
    }
}

void TrackBook::draw() {
    block_signals();
    const sched_param none{};
    (void)pthread_setschedparam(pthread_self(), SCHED_IDLE, &none);  // the music comes first
    while (auto next = next_of(undrawn_)) {
        auto& [path, facts] = *next;
        try {
            facts.waveform = waveform_of(path);
            tell(path, std::move(facts));
        } catch (const std::exception& error) {
            log_event(LogLevel::debug, "track-not-drawn", {{"path", path}, {"why", error.what()}});
        }
    }
}

template <typename Job>
std::optional<Job> TrackBook::next_of(std::deque<Job>& jobs) {
    std::unique_lock lock{mutex_};
    wake_.wait(lock, [this, &jobs] { return stopping_ || !jobs.empty(); });
    if (stopping_) {
        return std::nullopt;
    }
    Job job = std::move(jobs.front());
    jobs.pop_front();
    return job;
}

}  // namespace crowdjack::web
