// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/struct-export/crate.hpp"
#include "tests/support/process.hpp"
#include "tests/support/sanitizer.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

using namespace crowdjack;
namespace fs = std::filesystem;

namespace {

constexpr int rate = 8000;

/// Kicks and hats at 125 BPM, written bar by bar: this process must stay small, too.
void write_beat(const fs::path& file, double minutes) {
    std::vector<std::int16_t> bar(static_cast<std::size_t>(rate * 4 * 60 / 125));
    const std::size_t beat = bar.size() / 4;
    std::uint32_t noise = 1;
    for (std::size_t i = 0; i < bar.size(); ++i) {
        const double since_kick = static_cast<double>(i % beat) / rate;
        const double since_hat = static_cast<double>((i + beat / 2) % beat) / rate;
        noise = noise * 1664525U + 1013904223U;
        const double hiss = static_cast<double>(noise >> 8U) / 8388608.0 - 1.0;
        const double kick = std::exp(-since_kick / 0.1) * std::sin(6.2831853 * 60.0 * since_kick);
        bar[i] = static_cast<std::int16_t>(20000.0 * kick + 6000.0 * std::exp(-since_hat / 0.03) * hiss);
    }
    const auto bars = static_cast<std::uint32_t>(minutes * 60.0 * rate / static_cast<double>(bar.size()));
    const auto bytes = static_cast<std::uint32_t>(bars * bar.size() * sizeof(std::int16_t));
    std::ofstream stream{file, std::ios::binary};
    const auto number = [&](std::uint32_t value, int size) {
        stream.write(reinterpret_cast<const char*>(&value), size);  // this is for little-endian machines
    };
    stream << "RIFF";
    number(bytes + 36, 4);
    stream << "WAVEfmt ";
    for (const auto& [value, size] :
         {std::pair{16U, 4}, {1U, 2}, {1U, 2}, {8000U, 4}, {16000U, 4}, {2U, 2}, {16U, 2}}) {
        number(value, size);
    }
    stream << "data";
    number(bytes, 4);
    for (std::uint32_t i = 0; i < bars; ++i) {
        stream.write(reinterpret_cast<const char*>(bar.data()), static_cast<std::streamsize>(bar.size() * 2));
    }
}

/// What the process takes at most up to now, MB; with the pages of mapped files. 0 when it has ended.
double peak_of(pid_t process) {
    std::ifstream status{"/proc/" + std::to_string(process) + "/status"};
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("VmHWM:")) {
            return std::stod(line.substr(6)) / 1024.0;
        }
    }
    return 0.0;
}

double peak_of_analysis(const fs::path& file, const fs::path& results) {
    test::Process analyse{{test::program_path("crowdjack-struct-export"), "analyse", "--again", "--jobs", "1",
                           "--struct-dir", results.string(), file.string()}};
    double peak = 0.0;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes{4};
    while (analyse.running() && std::chrono::steady_clock::now() < deadline) {
        // The last word counts: before it becomes the program, the child is as large as we are.
        const double now = peak_of(analyse.pid());
        peak = now > 0.0 ? now : peak;
        std::this_thread::sleep_for(std::chrono::milliseconds{2});
    }
    CHECK_MESSAGE(analyse.wait() == 0, analyse.output());
    return peak;
}

}  // namespace

TEST_CASE("the analysis of forty minutes takes hardly more memory than that of three" *
          doctest::skip(test::address_sanitizer || test::thread_sanitizer)) {  // their memory grows by itself
    const test::TemporaryFolder folder;
    write_beat(folder / "short.wav", 3.0);
    write_beat(folder / "long.wav", 40.0);
    const double little = peak_of_analysis(folder / "short.wav", folder / "struct");
    const double much = peak_of_analysis(folder / "long.wav", folder / "struct");
    MESSAGE("three minutes: " << little << " MB, forty minutes: " << much << " MB");
    // libqm-dsp's beat tracker wants some doubles for each 12 ms of at most twenty minutes: 4 MB.
    CHECK(much < little + 4.0);
    CHECK(much < 1.3 * little);
}
