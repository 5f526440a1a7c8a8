// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/web/health.hpp"

#include <sys/statvfs.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>

namespace crowdjack::web {

namespace {

const TapReaderStatus* reader_of(const SuiteSnapshot& snapshot, std::string_view name) {
    if (!snapshot.mixer) {
        return nullptr;
    }
    const auto& readers = snapshot.mixer->readers;
    const auto found =
        std::find_if(readers.begin(), readers.end(), [name](const TapReaderStatus& each) { return each.name == name; });
    return found == readers.end() ? nullptr : &*found;
}

bool answers(const SuiteSnapshot& snapshot, std::string_view kind) {
    return std::any_of(snapshot.clients.begin(), snapshot.clients.end(), [kind](const ClientStatus& client) {
        return client.kind == kind && client.answers && !client.hangs;
    });
}

class Judgement {
public:
    void add(Health::Verdict verdict, std::string why) {
        const auto worse = verdict > health_.verdict;
        health_.why.insert(worse ? health_.why.begin() : health_.why.end(), std::move(why));
        health_.verdict = std::max(health_.verdict, verdict);
    }
    [[nodiscard]] Health take() { return std::move(health_); }

private:
    Health health_;
};

void judge_clients(Judgement& judgement, const SuiteSnapshot& snapshot) {
    using Verdict = Health::Verdict;
    for (const ClientStatus& client : snapshot.clients) {
        const bool vital = client.kind == "mixer-bus" || client.kind == "session";
        if (client.hangs) {
            judgement.add(Verdict::down, client.name + " hangs: its audio thread stands still");
        } else if (!client.answers) {
            judgement.add(vital ? Verdict::down : Verdict::degraded, client.name + " does not answer");
        } else if (client.near_budget) {
            judgement.add(Verdict::degraded, client.name + " needs almost all of its time in each cycle");
        }
    }
}

void judge_patch(Judgement& judgement, const PatchHealth& patch) {
    using Verdict = Health::Verdict;
    if (!patch.running) {
        judgement.add(Verdict::down, "there is no JACK server");
        return;
    }
    for (const auto& [client, phase] : patch.phases) {
        if (phase == "given-up") {
            judgement.add(Verdict::degraded, client + " keeps crashing and is not started any more");
        }
    }
    if (!patch.complete) {
        const std::string which = patch.missing.empty() ? "" : ": missing " + patch.missing.front();
        judgement.add(Verdict::degraded, std::to_string(patch.made) + " of " + std::to_string(patch.wanted) +
                                             " connections are made" + which);
    }
}

std::string gigabytes(double bytes) {
    std::array<char, 32> text{};
    (void)std::snprintf(text.data(), text.size(), "%.1f GB free", bytes / 1e9);
    return text.data();
}

Lamp take_lamp(const char* name, const TapReaderStatus* reader) {
    if (reader == nullptr || reader->state == "idle" || reader->state == "finished") {
        return {name, Lamp::Colour::off, "off"};
    }
    if (reader->state == "failed") {
        return {name, Lamp::Colour::bad, "failed"};
    }
    const bool off_air = reader->name == "streamer" && reader->state != "streaming";
    const bool lost = reader->lost > 0;
    return {name, off_air || lost ? Lamp::Colour::warning : Lamp::Colour::good,
            reader->state + (lost ? ", frames were lost" : "")};
}

Lamp detector_lamp(const SuiteSnapshot& snapshot) {
    if (!snapshot.tempo) {
        return {"detector", Lamp::Colour::off, "no tempo follower"};
    }
    const bool stale = snapshot.tempo->mode == "stale";
    return {"detector", stale ? Lamp::Colour::warning : Lamp::Colour::good, stale ? "nothing heard" : "heard"};
}

Lamp disk_lamp(const Disk& disk) {
    if (!disk.known) {
        return {"disk", Lamp::Colour::off, "unknown"};
    }
    constexpr double little = 2e9;  // an hour and a half of 32-bit stereo
    constexpr double too_little = 2e8;
    const auto colour = disk.free_bytes < too_little ? Lamp::Colour::bad
                        : disk.free_bytes < little   ? Lamp::Colour::warning
                                                     : Lamp::Colour::good;
    return {"disk", colour, gigabytes(disk.free_bytes)};
}

}  // namespace

const char* to_text(Health::Verdict verdict) noexcept {
    return verdict == Health::Verdict::well ? "well" : verdict == Health::Verdict::degraded ? "degraded" : "down";
}

const char* to_text(Lamp::Colour colour) noexcept {
    switch (colour) {
    case Lamp::Colour::good:
        return "good";
    case Lamp::Colour::warning:
        return "warning";
    case Lamp::Colour::bad:
        return "bad";
    case Lamp::Colour::off:
        break;
    }
    return "off";
}

Health judge(const SuiteSnapshot& snapshot) {
    Judgement judgement;
    if (snapshot.clients.empty()) {
        judgement.add(Health::Verdict::down, "no program of crowdjack runs on server " + snapshot.server);
        return judgement.take();
    }
    if (!answers(snapshot, "mixer-bus") && snapshot.client("mixer-bus") == nullptr) {
        judgement.add(Health::Verdict::down, "there is no mixer");
    }
    if (!answers(snapshot, "deck")) {
        judgement.add(Health::Verdict::down, "no deck answers");
    }
    judge_clients(judgement, snapshot);
    if (snapshot.patch) {
        judge_patch(judgement, *snapshot.patch);
    }
    for (const char* const name : {"recorder", "streamer"}) {
        const Lamp lamp = take_lamp(name, reader_of(snapshot, name));
        if (lamp.colour == Lamp::Colour::warning || lamp.colour == Lamp::Colour::bad) {
            judgement.add(Health::Verdict::degraded, std::string{name} + ": " + lamp.text);
        }
    }
    return judgement.take();
}

Disk disk_of(const std::string& path) {
    std::filesystem::path place = path.empty() ? std::filesystem::path{"."} : std::filesystem::path{path};
    struct statvfs status {};
    while (::statvfs(place.empty() ? "." : place.c_str(), &status) != 0) {
        if (place.empty() || place == place.root_path()) {
            return {};
        }
        place = place.parent_path();
    }
    const auto block = static_cast<double>(status.f_frsize);
    return {true, static_cast<double>(status.f_bavail) * block, static_cast<double>(status.f_blocks) * block};
}

std::vector<Lamp> lamps_of(const SuiteSnapshot& snapshot, const Disk& disk) {
    std::vector<Lamp> lamps;
    const Health health = judge(snapshot);
    const auto colour = health.verdict == Health::Verdict::well       ? Lamp::Colour::good
                        : health.verdict == Health::Verdict::degraded ? Lamp::Colour::warning
                                                                      : Lamp::Colour::bad;
    lamps.push_back({"suite", colour, health.why.empty() ? "well" : health.why.front()});
    for (const ClientStatus& client : snapshot.clients) {
        const bool bad = client.hangs || !client.answers;
        const auto of_it = bad ? Lamp::Colour::bad : client.near_budget ? Lamp::Colour::warning : Lamp::Colour::good;
        lamps.push_back({client.name, of_it,
                         client.hangs         ? "hangs"
                         : !client.answers    ? "does not answer"
                         : client.near_budget ? "near its budget"
                                              : "well"});
    }
    lamps.push_back(take_lamp("recorder", reader_of(snapshot, "recorder")));
    lamps.push_back(take_lamp("stream", reader_of(snapshot, "streamer")));
    lamps.push_back(detector_lamp(snapshot));
    lamps.push_back(disk_lamp(disk));
    return lamps;
}

}  // namespace crowdjack::web
