// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/web/health.hpp"

#include <sys/statvfs.h>

#include <algorithm>
#include <array>
#include <cmath>
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

const char* to_text(Health::Level level) noexcept {
    return level == Health::Level::well ? "well" : level == Health::Level::degraded ? "degraded" : "down";
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
    Health health{health_verdict(snapshot).level, troubles_of(snapshot)};
    if (health.level == Health::Level::down) {
        return health;
    }
    for (const ClientStatus& client : snapshot.clients) {
        if (client.near_budget) {
            health.why.push_back(client.name + " needs almost all of its time in each cycle");
        }
    }
    for (const char* const name : {"recorder", "streamer"}) {
        const Lamp lamp = take_lamp(name, reader_of(snapshot, name));
        if (lamp.colour == Lamp::Colour::warning || lamp.colour == Lamp::Colour::bad) {
            health.why.push_back(std::string{name} + ": " + lamp.text);
        }
    }
    health.level = health.why.empty() ? Health::Level::well : Health::Level::degraded;
    return health;
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
    const auto colour = health.level == Health::Level::well       ? Lamp::Colour::good
                        : health.level == Health::Level::degraded ? Lamp::Colour::warning
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
    if (const auto listeners = snapshot.mixer ? named_number(snapshot.mixer->state, "listeners") : std::nullopt) {
        lamps.back().text += ", listeners " + std::to_string(std::lround(*listeners));
    }
    lamps.push_back(detector_lamp(snapshot));
    lamps.push_back(disk_lamp(disk));
    return lamps;
}

}  // namespace crowdjack::web
