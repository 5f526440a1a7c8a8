// SPDX-License-Identifier: GPL-3.0-or-later
#include "deck/track/track_stream.hpp"

#include "common/log.hpp"
#include "common/realtime.hpp"

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <unordered_set>
#include <utility>

namespace crowdjack {

namespace {

using std::chrono::milliseconds;

// A window is 2.5 s deep, but after a jump to a point there are only its 0.35 s until the next look.
constexpr double calm_look_s = 0.5;
constexpr double wary_look_s = 0.4 * point_ahead_s;
constexpr milliseconds shortest_look{20};
constexpr std::chrono::seconds wary_for{2};  ///< after the control side spoke: a jump may follow
constexpr milliseconds release_allowance{500};
constexpr std::size_t spare_pages = 12;  // kept behind before anything is evicted

}  // namespace

/// Shared by the handle and the worker, so that a worker stuck in a dead file system outlives its handle.
struct TrackStream::State {
    struct Awaited {
        std::int64_t frame;
        Ready ready;
    };

    State(Open open_source, double start, std::shared_ptr<const AudioEpoch> audio_epoch, Opened opened_callback)
        : open{std::move(open_source)},
          start_s{start},
          epoch{std::move(audio_epoch)},
          opened{std::move(opened_callback)} {}

    void run();
    bool open_track();
    [[nodiscard]] ResidencyWants wants();
    void keep_what_fades(ResidencyWants& wants);
    [[nodiscard]] bool are_resident(const std::vector<std::int64_t>& pages) const;
    bool fill_missing(const std::vector<std::int64_t>& wanted);
    [[nodiscard]] bool has_news();
    void fill(std::int64_t index, TrackPage* page);
    void evict_surplus(const std::vector<std::int64_t>& wanted);
    void tell_ready();
    void idle(bool more_to_decode, double speed);
    void speak();

    Open open;
    double start_s;
    std::shared_ptr<const AudioEpoch> epoch;

    std::mutex mutex;                ///< guards what follows
    std::condition_variable wake;    ///< the worker's
    std::condition_variable filled;  ///< for wait_for()
    std::condition_variable ended;   ///< for the handle's end
    bool finished{false};
    bool stopping{false};
    bool changed{false};
    std::chrono::steady_clock::time_point changed_at{};
    Opened opened;
    std::optional<std::int64_t> armed;
    std::optional<std::int64_t> sought;
    std::vector<std::int64_t> points;
    std::optional<ResidencyWants::Loop> loop;
    std::vector<Awaited> awaited;

    std::shared_ptr<SampleSource> source;                    ///< written before `opened` is called
    std::unique_ptr<TrackWindows> windows;                   ///< likewise
    std::int64_t expected_to{0};                             ///< worker only: how far storage was told to read ahead
    std::int64_t last_playhead{TrackWindows::nowhere};       ///< worker only
    std::int64_t left_behind{TrackWindows::nowhere};         ///< worker only: where it jumped away from
    std::chrono::steady_clock::time_point left_behind_at{};  ///< worker only
};

void TrackStream::State::run() {
    disable_denormals();
    try {
        if (open_track()) {
            while (true) {
                {
                    const std::lock_guard lock{mutex};
                    if (stopping) {
                        break;
                    }
                    changed = false;
                }
                const ResidencyWants now = wants();
                const std::vector<std::int64_t> wanted = wanted_pages(now);
                if (!fill_missing(wanted)) {
                    evict_surplus(wanted);
                    idle(source->work_ahead(), now.speed);
                }
            }
        }
    } catch (const std::exception& error) {
        log_event(LogLevel::error, "track-worker-failed", {{"why", error.what()}});
        if (windows) {
            windows->end_at(0, true);
        }
    }
    const std::lock_guard lock{mutex};
    finished = true;
    ended.notify_all();
}

bool TrackStream::State::open_track() {
    std::optional<std::string> failure;
    try {
        source = open();
        windows = std::make_unique<TrackWindows>(source->format().frames, epoch);
        const auto start = static_cast<std::int64_t>(std::llround(start_s * source->format().rate));
        if (start < 0 || start >= source->format().frames) {
            const double length = static_cast<double>(source->format().frames) / source->format().rate;
            failure = "the position " + std::to_string(start_s) + " s lies outside the track, which is " +
                      std::to_string(length) + " s long";
        } else {
            const std::lock_guard lock{mutex};
            armed = start;
        }
        source->expect(start, static_cast<std::int64_t>(window_ahead_s * source->format().rate));
        for (const std::int64_t page :
             point_pages(start, failure ? 0 : source->format().frames, source->format().rate)) {
            fill(page, windows->take_free());
        }
        if (!failure && windows->length() <= start) {
            failure = "the file ends before the position (it was cut off, or its header promises more than there is)";
        }
    } catch (const std::exception& error) {
        failure = error.what();
    }
    Opened tell;
    {
        const std::lock_guard lock{mutex};
        tell = std::exchange(opened, nullptr);
    }
    if (tell) {
        tell(failure);
    }
    return !failure;
}

ResidencyWants TrackStream::State::wants() {
    ResidencyWants result;
    result.length = windows->length();
    result.rate = source->format().rate;
    if (const std::int64_t at = windows->playhead(); at != TrackWindows::nowhere) {
        result.playhead = at;
    }
    result.speed = static_cast<double>(windows->speed());
    keep_what_fades(result);
    const std::lock_guard lock{mutex};
    result.loop = loop;
    result.armed = armed;
    result.points.insert(result.points.end(), points.begin(), points.end());
    if (sought) {
        result.points.push_back(*sought);
    }
    for (const Awaited& each : awaited) {
        result.points.insert(result.points.begin(), each.frame);
    }
    return result;
}

void TrackStream::State::keep_what_fades(ResidencyWants& wants) {
    // After a jump or a stop the place left behind is still heard for a moment, fading.
    const std::int64_t at = windows->playhead();
    const bool jumped =
        last_playhead != TrackWindows::nowhere &&
        (at == TrackWindows::nowhere || std::abs(static_cast<double>(at - last_playhead)) > 0.3 * wants.rate);
    const auto now = std::chrono::steady_clock::now();
    if (jumped) {
        left_behind = last_playhead;
        left_behind_at = now;
    }
    last_playhead = at;
    if (left_behind != TrackWindows::nowhere && now - left_behind_at < release_allowance) {
        wants.points.push_back(left_behind);
    }
}

bool TrackStream::State::are_resident(const std::vector<std::int64_t>& pages) const {
    return std::all_of(pages.begin(), pages.end(), [this](std::int64_t page) {
        return windows->find(page) != nullptr || page * TrackPage::frames >= windows->length();
    });
}

bool TrackStream::State::fill_missing(const std::vector<std::int64_t>& wanted) {
    bool filled_any = false;
    for (const std::int64_t index : wanted) {
        if (windows->find(index) != nullptr) {
            continue;
        }
        if (windows->resident().size() > wanted.size() + spare_pages) {
            evict_surplus(wanted);
        }
        TrackPage* const page = windows->take_free();
        if (page == nullptr) {
            break;
        }
        fill(index, page);
        filled_any = true;
        tell_ready();
        if (has_news()) {
            return true;  // the order of urgency may be another now
        }
    }
    tell_ready();
    return filled_any;
}

bool TrackStream::State::has_news() {
    const std::lock_guard lock{mutex};
    return stopping || changed;
}

void TrackStream::State::fill(std::int64_t index, TrackPage* page) {
    const std::int64_t first = index * TrackPage::frames;
    const std::int64_t ahead = 8 * static_cast<std::int64_t>(source->format().rate);
    if (first >= expected_to || first < expected_to - 2 * ahead) {
        source->expect(first, ahead);
        expected_to = first + ahead / 2;
    }
    const auto good = static_cast<std::int64_t>(source->read(first, page->left, page->right));
    const std::int64_t before = windows->length();
    const bool ends = good < TrackPage::frames && windows->end_at(first + good, !source->intact());
    windows->insert(index, page);
    if (ends && windows->lost()) {
        const double rate = source->format().rate;
        log_event(LogLevel::warning, "track-cut-off",
                  {{"before_s", static_cast<double>(before) / rate},
                   {"length_s", static_cast<double>(windows->length()) / rate}});
    }
    filled.notify_all();
}

void TrackStream::State::evict_surplus(const std::vector<std::int64_t>& wanted) {
    if (windows->resident().size() <= wanted.size() + spare_pages) {
        return;
    }
    const std::unordered_set<std::int64_t> keep{wanted.begin(), wanted.end()};
    const std::vector<std::int64_t> resident = windows->resident();
    for (const std::int64_t page : resident) {
        if (!keep.contains(page)) {
            windows->evict(page);
        }
    }
}

void TrackStream::State::tell_ready() {
    std::vector<Ready> ready;
    {
        const std::lock_guard lock{mutex};
        std::erase_if(awaited, [&](Awaited& each) {
            const bool there = are_resident(point_pages(each.frame, windows->length(), source->format().rate));
            if (there) {
                ready.push_back(std::move(each.ready));
            }
            return there;
        });
    }
    for (const Ready& each : ready) {
        each();
    }
}

void TrackStream::State::idle(bool more_to_decode, double speed) {
    std::unique_lock lock{mutex};
    const bool wary = !points.empty() || std::chrono::steady_clock::now() - changed_at < wary_for;
    const auto look = std::chrono::ceil<milliseconds>(
        std::chrono::duration<double>{(wary ? wary_look_s : calm_look_s) / std::max(1.0, std::abs(speed))});
    if (!more_to_decode && !stopping && !changed) {
        wake.wait_for(lock, std::max(look, shortest_look), [this] { return stopping || changed; });
    }
}

/// Has the worker look at what is wanted now. Under the mutex.
void TrackStream::State::speak() {
    changed = true;
    changed_at = std::chrono::steady_clock::now();
    wake.notify_all();
}

TrackStream::TrackStream(Open open, double start_s, std::shared_ptr<const AudioEpoch> epoch, Opened opened)
    : state_{std::make_shared<State>(std::move(open), start_s, std::move(epoch), std::move(opened))},
      worker_{[state = state_] { state->run(); }} {}

TrackStream::~TrackStream() {
    std::unique_lock lock{state_->mutex};
    state_->stopping = true;
    state_->opened = nullptr;
    state_->awaited.clear();
    state_->wake.notify_all();
    const bool finished = state_->ended.wait_for(lock, milliseconds{50}, [this] { return state_->finished; });
    lock.unlock();
    if (finished) {
        worker_.join();
    } else {
        worker_.detach();  // stuck in its storage, which may be dead: it owns its state and ends by itself
    }
}

const TrackFormat& TrackStream::format() const noexcept { return state_->source->format(); }
TrackWindows& TrackStream::windows() noexcept { return *state_->windows; }
const std::shared_ptr<SampleSource>& TrackStream::source() const noexcept { return state_->source; }

void TrackStream::set_armed(std::optional<std::int64_t> frame) {
    const std::lock_guard lock{state_->mutex};
    state_->armed = frame;
    state_->speak();
}

void TrackStream::set_points(std::vector<std::int64_t> frames) {
    const std::lock_guard lock{state_->mutex};
    state_->points = std::move(frames);
    state_->speak();
}

void TrackStream::set_loop(std::optional<ResidencyWants::Loop> loop) {
    const std::lock_guard lock{state_->mutex};
    state_->loop = loop;
    state_->speak();
}

void TrackStream::seek_ahead(std::int64_t frame, Ready ready) {
    const std::lock_guard lock{state_->mutex};
    state_->sought = frame;
    state_->awaited.push_back({frame, std::move(ready)});
    state_->speak();
}

void TrackStream::wait_for(std::int64_t first, std::int64_t end) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    for (std::int64_t page = std::max<std::int64_t>(first, 0) / TrackPage::frames;
         page * TrackPage::frames < std::min(end, state_->windows->length()); ++page) {
        std::unique_lock lock{state_->mutex};
        if (state_->windows->find(page) == nullptr) {
            state_->sought = page * TrackPage::frames;
        }
        while (state_->windows->find(page) == nullptr && page * TrackPage::frames < state_->windows->length() &&
               std::chrono::steady_clock::now() < deadline) {
            state_->changed = true;
            state_->wake.notify_all();
            state_->filled.wait_for(lock, milliseconds{2});
        }
    }
}

std::size_t TrackStream::resident_bytes() const noexcept {
    return state_->windows ? state_->windows->bytes() + state_->source->memory() : 0;
}

}  // namespace crowdjack
